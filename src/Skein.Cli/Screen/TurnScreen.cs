using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Cli.Screen;

/// <summary>
/// Shows a session as it happens: text as it arrives and never twice, a line for each call of a tool, what went wrong and what was mended.
/// For one thread.
/// </summary>
/// <param name="text">Where what the model says goes.</param>
/// <param name="activity">Where everything else goes; the same on a screen.</param>
/// <param name="showPrompts">Whether to show what people said: not where it was just typed.</param>
internal sealed class TurnScreen(Terminal text, Terminal activity, bool showPrompts)
{
    private readonly Dictionary<PartId, ArrivingText> _arriving = [];
    private readonly CallsUnderWay _calls = new();
    private readonly List<(string Text, Style Style)> _later = [];
    private Block _last;

    private enum Block
    {
        None,
        Text,
        Thought,
        Line,
    }

    public void Show(FeedFrame frame)
    {
        if (frame is EventFrame { Event: var e })
            Show(e);
        else if (frame is DeltaFrame { Delta: var delta })
            Show(delta);
    }

    /// <summary>The turn is over, or nobody looks any longer: what was begun is ended.</summary>
    public void End()
    {
        activity.Status(null);
        text.EndLine();
    }

    private void Show(SessionEvent e)
    {
        switch (e.Body)
        {
            case MessageAdded { Role: Role.User } prompt:
                ShowPrompt(prompt.Parts);
                break;
            case MessageAdded { Status: MessageStatus.Completed } whole:
                foreach (var part in whole.Parts)
                    ShowPart(whole.Message, part.Id, part.Content);
                break;
            case PartAdded added:
                ShowPart(added.Message, added.Part, added.Content);
                break;
            case PartStreamed streamed:
                ShowText(streamed.Part, streamed.Kind, streamed.Offset, streamed.Text);
                break;
            case PartDropped dropped:
                Drop(dropped);
                break;
            case ToolStarted started:
                _calls.Start(started);
                ShowRunning();
                break;
            case ToolFinished finished:
                Show(_calls.Finish(finished));
                break;
            case PermissionAsked asked:
                _calls.Ask(asked);
                ShowQuestion(asked);
                break;
            case PermissionAnswered:
                // Whoever holds the questions knows whether it has to be told.
                break;
            case TurnCompleted or TurnFailed or TurnInterrupted:
                ShowTurnEnd(e.Body);
                break;
            case PromptQueued when text.IsInLine && ReferenceEquals(text, activity):
                // It can wait for the end of what is said: told at once it would cut a word in two.
                if (Notices.Of(e.Body) is { } waiting)
                    _later.Add(waiting);
                break;
            default:
                if (Notices.Of(e.Body) is { } notice)
                    ShowLine(notice.Text, notice.Style);
                break;
        }
    }

    private void Show(PartDelta delta)
    {
        if (delta.Kind == StreamKind.ToolCall)
            activity.Status($"{delta.Tool} …");
        else
            ShowText(delta.Part, delta.Kind, delta.Offset, delta.Text);
    }

    private void ShowPart(MessageId message, PartId id, Part part)
    {
        switch (part)
        {
            case TextPart said:
                ShowText(id, StreamKind.Text, 0, said.Text);
                Finish(id, text);
                break;
            case ReasoningPart thought:
                ShowText(id, StreamKind.Reasoning, 0, thought.Text);
                Finish(id, activity);
                break;
            case ToolCallPart call:
                _calls.Add(message, call);
                break;
            case ToolResultPart result:
                Show(_calls.Answer(message, result));
                break;
            case SummaryPart summary:
                ShowLine(Notices.Of(summary), Style.Dim);
                break;
            case FilePart file:
                ShowLine("  │ " + Words.Of(file), Style.Dim);
                break;
        }
    }

    private void ShowText(PartId id, StreamKind kind, int offset, string piece)
    {
        var thought = kind == StreamKind.Reasoning;
        if (thought && !activity.IsTerminal)
            return;
        if (!_arriving.TryGetValue(id, out var part))
            _arriving[id] = part = new ArrivingText();

        var isBegun = part.IsBegun;
        if (part.Next(offset, piece) is not { } more)
            return;

        if (!isBegun)
            Begin(thought ? Block.Thought : Block.Text);
        (thought ? activity : text).Write(more, thought ? Style.Dim : Style.Plain);
    }

    private void Finish(PartId id, Terminal where)
    {
        if (!_arriving.TryGetValue(id, out var part))
            return;
        part.IsFinished = true;
        where.EndLine();
        ShowLater();
    }

    private void ShowLater()
    {
        foreach (var (line, style) in _later)
            ShowLine(line, style);
        _later.Clear();
    }

    private void Drop(PartDropped dropped)
    {
        if (_arriving.Remove(dropped.Part, out var part) && part.IsBegun)
            ShowLine($"(that broke off and does not count: {TerminalText.CleanLine(dropped.Reason)})", Style.Warning);
    }

    private void ShowPrompt(IReadOnlyList<MessagePart> parts)
    {
        if (!showPrompts)
            return;

        var said = string.Concat(parts.Select(p => p.Content).OfType<TextPart>().Select(p => p.Text));
        Begin(Block.Text);
        activity.WriteLine(("› ", Style.Accent), (said, Style.Bold));
        foreach (var file in parts.Select(p => p.Content).OfType<FilePart>())
            activity.WriteLine("  " + Words.Of(file), Style.Dim);
    }

    private void ShowQuestion(PermissionAsked asked)
    {
        Begin(Block.Line);
        activity.WriteLine(("? ", Style.Warning), (ToolCalls.Title(asked.Tool, asked.Title), Style.Bold));
        if (asked.Detail is { Length: > 0 } detail && !asked.Title.EndsWith(detail, StringComparison.Ordinal))
        {
            foreach (var line in TerminalText.Clean(detail).TrimEnd('\n').Split('\n'))
                activity.WriteLine("  │ " + line, Style.Dim);
        }
    }

    private void Show(CallsUnderWay.Call? call)
    {
        if (call is null)
            return;
        Begin(Block.Line);
        call.Show(activity);
        ShowRunning();
    }

    private void ShowRunning()
    {
        var running = _calls.Running;
        activity.Status(running.Length > 0 ? $"{running} …" : null);
    }

    private void ShowTurnEnd(EventBody body)
    {
        foreach (var call in _calls.End())
            Show(call);
        _arriving.Clear();
        End();
        ShowLater();
        if (Notices.Of(body) is { } notice)
            ShowLine(notice.Text, notice.Style);
    }

    private void ShowLine(string line, Style style)
    {
        Begin(Block.Line);
        activity.WriteLine(line, style);
    }

    // Text and calls stand apart by a line; calls stand together.
    private void Begin(Block next)
    {
        activity.Status(null);
        text.EndLine();
        var sameScreen = ReferenceEquals(text, activity);
        if (_last != Block.None && (next != Block.Line || _last != Block.Line) && (sameScreen || next == Block.Text && _last == Block.Text))
            text.WriteLine();
        if (sameScreen || next == Block.Text)
            _last = next;
    }
}
