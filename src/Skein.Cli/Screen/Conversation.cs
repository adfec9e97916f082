using Skein.Core;

namespace Skein.Cli.Screen;

/// <summary>Shows messages that were said, oldest first, each with the number that commands know it by.</summary>
/// <param name="wholes">The whole outputs of tools by their blobs' hashes, to show all that tools were given and answered; null: only a few lines.</param>
internal sealed class Conversation(Terminal terminal, TimeProvider time, IReadOnlyDictionary<string, string>? wholes = null)
{
    public void ShowHead(Session session)
    {
        var (status, style) = Words.Of(session);
        terminal.WriteLine(session.Title.Length > 0 ? TerminalText.CleanLine(session.Title) : "(no title)", Style.Bold);
        terminal.WriteLine(
            (session.Id.Value, Style.Accent),
            (" · ", Style.Dim),
            (status, style),
            (session.TrashedAt is null ? "" : " · in the trash", Style.Warning),
            ($"{(session.Archived ? " · archived" : "")}{(session.Pinned ? " · pinned" : "")} · {session.Model ?? session.Agent} · {session.Mode.ToString().ToLowerInvariant()} · {Words.Of(session.Usage)} · {Spans.Ago(session.UpdatedAt, time.GetUtcNow())}", Style.Dim));
        terminal.WriteLine(session.Workspace, Style.Dim);
        foreach (var gap in session.Damage)
            ShowNotice(Notices.Of(gap));
        if (session.Failure is { } failure)
            ShowNotice(Notices.Of(failure));
        terminal.WriteLine();
    }

    /// <param name="total">How many messages the session has; these are the last of them.</param>
    public void Show(IReadOnlyList<Message> messages, int total)
    {
        ShowFrom(messages, Math.Max(0, total - messages.Count) + 1);
    }

    /// <param name="first">The number of the first of them.</param>
    public void ShowFrom(IReadOnlyList<Message> messages, int first)
    {
        foreach (var message in messages)
            Show(message, first++);
    }

    private void Show(Message message, int number)
    {
        terminal.WriteLine(
            ($"{number} ", Style.Dim),
            (Speaker(message), Style.Accent),
            ($" · {Spans.Ago(message.CreatedAt, time.GetUtcNow())}{State(message)}", Style.Dim));
        Part? before = null;
        foreach (var part in message.Parts)
        {
            // Calls stand together, all else apart; results stand with their calls.
            if (before is not (null or ToolResultPart) && part.Content is not ToolResultPart && (before is not ToolCallPart || part.Content is not ToolCallPart))
                terminal.WriteLine();
            Show(message, part.Content);
            before = part.Content;
        }

        terminal.WriteLine();
    }

    private void Show(Message message, Part part)
    {
        switch (part)
        {
            case TextPart said when message.Role == Role.User:
                terminal.WriteLine(said.Text.Trim('\n'));
                break;
            case TextPart said:
                ShowMarkdown(said.Text);
                break;
            case SummaryPart summary:
                terminal.WriteLine(Notices.Of(summary), Style.Dim);
                ShowMarkdown(summary.Text);
                break;
            case ReasoningPart thought:
                terminal.WriteLine(thought.Text.Trim('\n'), Style.Dim);
                break;
            case ToolCallPart call:
                var result = message.Parts.Select(p => p.Content).OfType<ToolResultPart>().FirstOrDefault(r => r.CallId == call.CallId);
                if (wholes is not null)
                    ToolCalls.ShowWhole(terminal, call, result, result?.Whole is { } blob ? wholes.GetValueOrDefault(blob.Sha256) : null);
                else if (result is null)
                    terminal.WriteLine($"◌ {ToolCalls.Title(call)}  no result yet", Style.Dim);
                else
                    ToolCalls.Show(terminal, call.Tool, ToolCalls.Title(call), result, EditLines.Of(call.Arguments), null);
                break;
            case FilePart file:
                terminal.WriteLine((message.Role == Role.User ? "" : "  │ ") + Words.Of(file), Style.Dim);
                break;
        }
    }

    // A person sees what it means, as in the REPL; a program gets it as it is.
    private void ShowMarkdown(string text)
    {
        if (!terminal.IsTerminal)
        {
            terminal.WriteLine(text.Trim('\n'));
            return;
        }

        var markdown = new Markdown();
        foreach (var line in TerminalText.Clean(text).Trim('\n').Split('\n'))
        {
            foreach (var pieces in markdown.Next(line, terminal.Width))
                terminal.WriteLine(pieces);
        }

        foreach (var pieces in markdown.End(terminal.Width))
            terminal.WriteLine(pieces);
    }

    private void ShowNotice((string Text, Style Style)? notice)
    {
        if (notice is { } line)
            terminal.WriteLine(line.Text, line.Style);
    }

    private static string Speaker(Message message) => message.Role switch
    {
        Role.User => "you",
        Role.Assistant => message.Model ?? "assistant",
        Role.System => message.Summary is null ? "system" : "summary",
        _ => "tool",
    };

    private static string State(Message message) => message switch
    {
        { Status: MessageStatus.Streaming or MessageStatus.Pending } => " · still arriving",
        { Stop: StopReason.Interrupted } => " · interrupted",
        { Stop: StopReason.Failed } => " · failed",
        { Stop: StopReason.Length } => " · cut at the model's limit",
        { Stop: StopReason.Refused } => " · refused",
        { Status: MessageStatus.Error } => " · broken off",
        _ => "",
    };
}
