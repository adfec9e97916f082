using System.Text;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Cli.Repl;

/// <summary>
/// What happens in a session, as lines for good: Markdown, a line at a time; a line for what was thought; a line and a little of its output
/// for each call of a tool. What is not whole yet is to be shown elsewhere. For one thread.
/// </summary>
internal sealed class TurnView(Terminal terminal)
{
    private const int PromptLines = 12;
    private const int PromptLinesShown = 6;

    private readonly Dictionary<PartId, Arriving> _arriving = [];
    private readonly CallsUnderWay _calls = new();
    private Arriving? _current;
    private string? _preparing;
    private bool _thinking;
    private Block _last;

    private enum Block
    {
        None,
        Text,
        Line,
    }

    /// <summary>The line of text that is still arriving.</summary>
    public string Partial => _current is { Line.Length: > 0 } part ? part.Line.ToString(Math.Max(0, part.Line.Length - 8192), Math.Min(8192, part.Line.Length)) : "";

    /// <summary>What the agent is doing, in a few words.</summary>
    public string Activity
    {
        get
        {
            var running = _calls.Running;
            return running.Length > 0 ? running : _preparing is { } tool ? $"preparing {tool}" : _thinking ? "thinking" : _current is not null ? "writing" : "working";
        }
    }

    public void Show(FeedFrame frame)
    {
        if (frame is EventFrame { Event: var e })
            Show(e.Body);
        else if (frame is DeltaFrame { Delta: var delta })
            Show(delta);
    }

    /// <summary>A line of the program's own, apart from what is said.</summary>
    public void Note(string line, Style style = Style.Dim)
    {
        Begin(Block.Line);
        terminal.WriteLine(line, style);
    }

    /// <summary>Something else is going to be written for good, apart from what is above.</summary>
    public void Part() => Begin(Block.Text);

    /// <summary>Another session is shown from now on.</summary>
    public void Forget()
    {
        _arriving.Clear();
        _calls.End();
        (_current, _preparing, _thinking) = (null, null, false);
        _last = Block.Line;
    }

    private void Show(EventBody body)
    {
        switch (body)
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
                _preparing = null;
                break;
            case ToolFinished finished:
                Show(_calls.Finish(finished));
                break;
            case PermissionAsked asked:
                _calls.Ask(asked);
                ShowQuestion(asked);
                break;
            case PromptQueued or PermissionAnswered { Expired: false, Answer: not PermissionAnswer.No }:
                // The queue is shown as it is; what was allowed is seen to be done.
                break;
            case TurnCompleted or TurnFailed or TurnInterrupted:
                EndTurn(body);
                break;
            default:
                if (Notices.Of(body) is { } notice)
                    Note(notice.Text, notice.Style);
                break;
        }
    }

    private void Show(PartDelta delta)
    {
        if (delta.Kind == StreamKind.ToolCall)
            _preparing = delta.Tool;
        else
            ShowText(delta.Part, delta.Kind, delta.Offset, delta.Text);
    }

    private void ShowPart(MessageId message, PartId id, Part part)
    {
        switch (part)
        {
            case TextPart said:
                ShowText(id, StreamKind.Text, 0, said.Text);
                Finish(id);
                break;
            case ReasoningPart thought:
                _thinking = false;
                ShowThought(thought.Text);
                break;
            case ToolCallPart call:
                _calls.Add(message, call);
                _preparing = null;
                break;
            case ToolResultPart result:
                Show(_calls.Answer(message, result));
                break;
            case SummaryPart summary:
                Note(Notices.Of(summary));
                ShowText(id, StreamKind.Text, 0, summary.Text);
                Finish(id);
                break;
            case FilePart file:
                Note("  │ " + Words.Of(file));
                break;
        }
    }

    private void ShowText(PartId id, StreamKind kind, int offset, string piece)
    {
        if (kind == StreamKind.Reasoning)
        {
            _thinking = true;
            return;
        }

        if (!_arriving.TryGetValue(id, out var part))
            _arriving[id] = part = new Arriving();

        var isBegun = part.IsBegun;
        if (part.Next(offset, piece) is not { } more)
            return;

        if (!isBegun)
            Begin(Block.Text);
        _current = part;
        _thinking = false;
        Take(part, more);
    }

    private void Take(Arriving part, string piece)
    {
        for (var rest = piece.AsSpan(); ;)
        {
            var end = rest.IndexOf('\n');
            part.Line.Append(end < 0 ? rest : rest[..end]);
            if (end < 0)
                return;
            WriteLine(part);
            rest = rest[(end + 1)..];
        }
    }

    private void WriteLine(Arriving part)
    {
        var line = part.Line.ToString();
        part.Line.Clear();
        foreach (var pieces in part.Markdown.Next(line, terminal.Width))
            terminal.WriteLine(pieces);
    }

    // What is not whole is written all the same: something else comes between.
    private void WriteRest(Arriving part)
    {
        if (part.Line.Length > 0)
            WriteLine(part);
        foreach (var pieces in part.Markdown.End(terminal.Width))
            terminal.WriteLine(pieces);
    }

    private void Finish(PartId id)
    {
        if (!_arriving.TryGetValue(id, out var part))
            return;
        WriteRest(part);
        part.IsFinished = true;
        if (_current == part)
            _current = null;
    }

    private void Drop(PartDropped dropped)
    {
        _thinking = false;
        if (!_arriving.TryGetValue(dropped.Part, out var part))
            return;
        Finish(dropped.Part);
        _arriving.Remove(dropped.Part);
        if (part.IsBegun)
            Note($"(that broke off and does not count: {TerminalText.CleanLine(dropped.Reason)})", Style.Warning);
    }

    private void ShowThought(string thought)
    {
        var lines = thought.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.Length == 0)
            return;
        var more = lines.Length > 1 ? $" (and {Spans.Plural(lines.Length - 1, "line")})" : "";
        Begin(Block.Line);
        terminal.WriteLine("∴ " + TextWidth.Cut(TerminalText.CleanLine(lines[0]), Math.Max(10, terminal.Width - 3 - more.Length)) + more, Style.Dim);
    }

    private void ShowPrompt(IReadOnlyList<MessagePart> parts)
    {
        Begin(Block.Text);
        var lines = TerminalText.Clean(string.Concat(parts.Select(p => p.Content).OfType<TextPart>().Select(p => p.Text))).Trim('\n').Split('\n');
        var shown = lines.Length > PromptLines ? PromptLinesShown : lines.Length;
        for (var i = 0; i < shown; i++)
            terminal.WriteLine((i == 0 ? "› " : "  ", Style.Accent), (lines[i], Style.Bold));
        if (shown < lines.Length)
            terminal.WriteLine($"  … {lines.Length - shown} more lines", Style.Dim);
        foreach (var file in parts.Select(p => p.Content).OfType<FilePart>())
            terminal.WriteLine("  " + Words.Of(file), Style.Dim);
    }

    private void ShowQuestion(PermissionAsked asked)
    {
        Begin(Block.Line);
        terminal.WriteLine(("? ", Style.Warning), (ToolCalls.Title(asked.Tool, asked.Title), Style.Bold));
        if (asked.Detail is { Length: > 0 } detail && !asked.Title.EndsWith(detail, StringComparison.Ordinal))
        {
            var isDiff = CodeColors.IsDiff(detail);
            foreach (var line in TerminalText.Clean(detail).TrimEnd('\n').Split('\n'))
                terminal.WriteLine(("  │ ", Style.Dim), (line.Replace("\t", "    ", StringComparison.Ordinal), isDiff ? CodeColors.OfDiff(line) : Style.Plain));
        }

        if (LiveRows.LongPattern(asked) is { } always)
            terminal.WriteLine(("  always: ", Style.Dim), (always, Style.Plain));
    }

    private void Show(CallsUnderWay.Call? call)
    {
        if (call is null)
            return;
        Begin(Block.Line);
        call.Show(terminal);
    }

    private void EndTurn(EventBody body)
    {
        foreach (var id in _arriving.Keys.ToArray())
            Finish(id);
        foreach (var call in _calls.End())
            Show(call);
        _arriving.Clear();
        (_current, _preparing, _thinking) = (null, null, false);
        if (Notices.Of(body) is { } notice)
            Note(notice.Text, notice.Style);
    }

    // Text and calls stand apart by a line; calls stand together.
    private void Begin(Block next)
    {
        if (_current is { } unfinished)
            WriteRest(unfinished);
        if (_last != Block.None && (next == Block.Text || _last == Block.Text))
            terminal.WriteLine();
        _last = next;
    }

    private sealed class Arriving : ArrivingText
    {
        public Markdown Markdown { get; } = new();
        public StringBuilder Line { get; } = new();
    }
}
