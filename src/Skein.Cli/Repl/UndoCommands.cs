using Skein.Cli.Commands;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Repl;

/// <summary>Turns taken back and brought back, with their files where these were snapshotted, and what became of files. For the pump's thread.</summary>
internal sealed class UndoCommands(ReplLoop loop, Talk talk, TurnView view, Terminal terminal)
{
    private const int LastMessages = 20;
    private const int MostLines = 400;
    private const string Force = "--force";

    public async Task DiffAsync(Session session, string turn, CancellationToken cancellationToken)
    {
        TurnId? one = turn.Length > 0 ? await Pages.FindTurnAsync(talk.Client, session.Id, turn, cancellationToken) : null;
        var diff = await talk.Client.DiffAsync(session.Id, one, withPatch: true, cancellationToken);
        if (diff.Files.Count == 0)
        {
            view.Note(FileDiff.None);
            return;
        }

        view.Part();
        if (FileDiff.Show(diff, terminal, isShort: false, MostLines) is > 0 and var left)
            view.Note($"… {Spans.Plural(left, "line")} more: skein diff {SessionName.Shorten(session.Id)} {turn}".TrimEnd());
    }

    /// <summary>Messages alone.</summary>
    public async Task RewindAsync(Session session, string keep, CancellationToken cancellationToken)
    {
        if (keep.Length > 0)
            await talk.Client.RewindAsync(session.Id, new RewindRequest(await Pages.FindMessageAsync(talk.Client, session.Id, keep, cancellationToken)), cancellationToken);
        else
            await RewindLastAsync(session, new RewindRequest(), cancellationToken);
    }

    public Task UndoAsync(Session session, string argument, CancellationToken cancellationToken) =>
        AskedAsync("/undo", argument, force => RewindLastAsync(session, new RewindRequest(Files: session.Files is not null, Force: force), cancellationToken));

    public Task RedoAsync(Session session, string argument, CancellationToken cancellationToken) =>
        AskedAsync(
            "/redo", argument,
            force => talk.Client.UnrewindAsync(session.Id, new UnrewindRequest(Files: session.Rewinds is [.., { Tree: not null }], Force: force), cancellationToken));

    // What somebody else changed is shown, and the answer is made ready: only Enter is missing.
    private async Task AskedAsync(string command, string argument, Func<bool, Task> work)
    {
        if (argument is not ("" or Force))
            throw new UsageException($"{command} has no use for '{argument}': {Force} restores files also where somebody else changed them.");
        try
        {
            await work(argument == Force);
        }
        catch (FilesChangedException e)
        {
            view.Note("changed since by somebody else:", Style.Warning);
            FileDiff.ShowFiles(e.Changes, terminal);
            view.Note($"{command} {Force} restores them all the same, and keeps what they are now; nothing was changed yet");
            if (loop.Editor.Buffer.IsEmpty)
                loop.Editor.Set($"{command} {Force}");
        }
    }

    private async Task RewindLastAsync(Session session, RewindRequest request, CancellationToken cancellationToken)
    {
        var messages = await talk.Client.ListMessagesAsync(session.Id, null, LastMessages, cancellationToken);
        await talk.Client.RewindAsync(session.Id, request, cancellationToken);
        if (loop.Editor.Buffer.IsEmpty && messages.Items.LastOrDefault(m => m.Role == Role.User) is { } prompt)
            loop.Editor.Set(prompt.Text);
    }
}
