using System.Text.Json;
using Skein.Cli.Commands;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Cli.Demo;

/// <summary>What the demo does, act by act.</summary>
internal sealed class Acts(Stage stage, DemoProject project, DemoScripts scripts, DemoServer server)
{
    // How much text may be missing: a second's worth is promised, and a checkpoint takes its time to reach the disk.
    private const double MostSecondsLost = 1.5;

    private Session? _session;
    private string _told = "";

    public SessionId Session => _session?.Id ?? throw new InvalidOperationException("There is no session yet.");

    public async Task PlayAsync(CancellationToken cancellationToken)
    {
        await scripts.WriteAsync(cancellationToken);
        await BreakAsync(cancellationToken);
        await server.StartAsync(cancellationToken);
        await RepairAsync(cancellationToken);
        var fork = await ForkAsync(cancellationToken);
        await RewindAsync(fork, cancellationToken);
        var before = await KillAsync(cancellationToken);
        await ResumeAsync(before, cancellationToken);
    }

    private async Task BreakAsync(CancellationToken cancellationToken)
    {
        stage.Chapter("A small project, under git, with a test that fails");
        await project.CreateAsync(cancellationToken);
        stage.Command(DemoProject.TestCommand);
        var (code, output) = await project.RunTestAsync(cancellationToken);
        stage.Quote(output);
        stage.Claim(code == 1 && output.Contains("FAIL  1900", StringComparison.Ordinal), "the test fails: exit code 1");
    }

    private async Task RepairAsync(CancellationToken cancellationToken)
    {
        stage.Chapter("An agent reads, edits, and runs the test");
        var view = await server.Client.CreateAsync(
            new NewSession(project.Folder, Model: scripts.Main, Mode: PermissionMode.Edits, Title: "Repair the leap years"), cancellationToken);
        _session = view.Session;
        var end = await PromptAsync(_session, "The test fails. Find out why, and repair it.", cancellationToken);

        stage.Terminal.WriteLine();
        var (code, _) = await project.RunTestAsync(cancellationToken);
        stage.Claim(end is TurnCompleted, "the turn is completed");
        stage.Claim(code == 0, "the test passes now, run once more without any agent: exit code 0");
        stage.Claim(
            await project.DiffAsync(cancellationToken) is ["-" + DemoProject.Before, "+" + DemoProject.After],
            "git knows of one changed line, the one that was wrong");
    }

    private async Task<Session> ForkAsync(CancellationToken cancellationToken)
    {
        stage.Chapter("A fork goes its own way");
        var messages = await MessagesAsync(Session, cancellationToken);
        _told = Text(messages);
        stage.Command($"skein fork {SessionName.Shorten(Session)}");
        var fork = (await server.Client.ForkAsync(Session, new ForkRequest(), cancellationToken)).Session;
        stage.Claim(
            Text(await MessagesAsync(fork.Id, cancellationToken)) == _told,
            $"'{fork.Title}' begins with the same {Spans.Plural(messages.Count, "message")}; none was copied");
        stage.Terminal.WriteLine();
        await PromptAsync(fork, "What would you do next?", cancellationToken, scripts.Fork);
        stage.Terminal.WriteLine();
        stage.Claim(Text(await MessagesAsync(Session, cancellationToken)) == _told, "the origin has not changed");
        return fork;
    }

    private async Task RewindAsync(Session fork, CancellationToken cancellationToken)
    {
        stage.Chapter("Rewind, and think better of it");
        var whole = await MessagesAsync(fork.Id, cancellationToken);
        stage.Command($"skein rewind {SessionName.Shorten(fork.Id)}");
        await server.Client.RewindAsync(fork.Id, new RewindRequest(), cancellationToken);
        var left = await MessagesAsync(fork.Id, cancellationToken);
        stage.Claim(Text(left) == _told, $"the fork's last turn is gone: {left.Count} of {Spans.Plural(whole.Count, "message")} left");
        stage.Command($"skein unrewind {SessionName.Shorten(fork.Id)}");
        await server.Client.UnrewindAsync(fork.Id, new UnrewindRequest(), cancellationToken);
        stage.Claim(Text(await MessagesAsync(fork.Id, cancellationToken)) == Text(whole), $"and back: all {whole.Count}, to the letter");
    }

    /// <returns>What had been shown of the answer when the server was killed, and the sequence it had come to.</returns>
    private async Task<(string Shown, long Seq)> KillAsync(CancellationToken cancellationToken)
    {
        stage.Chapter("kill -9, while the model speaks");
        var after = (await server.Client.GetAsync(Session, cancellationToken)).Session.Seq;
        var screen = NewScreen();
        stage.Terminal.WriteLine(("› ", Style.Accent), ("Why was the code wrong? Tell me at length.", Style.Bold));
        stage.Terminal.WriteLine();
        await server.Client.PromptAsync(Session, new PromptRequest("Why was the code wrong? Tell me at length."), cancellationToken);
        var shown = "";
        var saved = false;
        await foreach (var frame in server.Client.FollowAsync(Session, after, cancellationToken))
        {
            screen.Show(frame);
            if (frame is EventFrame { Event: var e })
                after = e.Seq;
            saved |= frame is EventFrame { Event.Body: PartStreamed };
            if (frame is not DeltaFrame { Delta: { Kind: StreamKind.Text } delta })
                continue;

            shown = shown[..Math.Min(shown.Length, delta.Offset)] + delta.Text;

            // In the middle of a word that was said after something of it was saved: that is where it hurts most.
            if (saved && shown.Length > 200)
                break;
        }

        await server.KillAsync(cancellationToken);
        screen.End();
        stage.Terminal.WriteLine();
        stage.Command($"kill -9 {server.Pid}");
        stage.Claim(!Background.Processes.IsRunning(server.Pid), "the server is dead, in the middle of a sentence");
        return (shown, after);
    }

    private async Task ResumeAsync((string Shown, long Seq) before, CancellationToken cancellationToken)
    {
        stage.Chapter("The same session, whole");
        await server.StartAsync(cancellationToken);
        var session = (await server.Client.GetAsync(Session, cancellationToken)).Session;
        var messages = await MessagesAsync(Session, cancellationToken);
        var last = messages[^1];
        stage.Claim(Text([.. messages.SkipLast(2)]) == _told, $"a new server, with pid {server.Pid}, has all that was said and done before, to the letter");
        stage.Claim(session is { Status: SessionStatus.Interrupted, IsLive: false }, "the turn is closed: interrupted");
        var repairs = await RepairsAsync(before.Seq, session.Seq, cancellationToken);
        stage.Claim(repairs.Count > 0, "what was mended is told, as an event of the session:");
        stage.Quote(string.Join('\n', repairs.Select(r => r.What)));

        var lost = before.Shown.Length - last.Text.Length;
        stage.Claim(
            last is { Role: Role.Assistant, Status: MessageStatus.Error } && last.Text.Length > 0
            && DemoScripts.Story.StartsWith(last.Text, StringComparison.Ordinal) && lost <= MostSecondsLost * DemoScripts.CharactersPerSecond,
            $"of the {before.Shown.Length} characters that had been shown, {Math.Max(0, lost)} are lost: "
            + $"what came in the last {Math.Max(0, lost) / DemoScripts.CharactersPerSecond:0.0} s");

        stage.Terminal.WriteLine();
        var end = await PromptAsync(session, "Where were you?", cancellationToken);
        stage.Terminal.WriteLine();
        stage.Claim(
            end is TurnCompleted && (await MessagesAsync(Session, cancellationToken))[^1].Text == DemoScripts.Resumed,
            "and the conversation goes on");
    }

    /// <summary>Sends a prompt, shows the turn, allows what it asks for, and tells how it ended.</summary>
    private async Task<EventBody> PromptAsync(Session session, string prompt, CancellationToken cancellationToken, string? model = null)
    {
        var after = (await server.Client.GetAsync(session.Id, cancellationToken)).Session.Seq;
        var screen = NewScreen();
        var accepted = await server.Client.PromptAsync(session.Id, new PromptRequest(prompt, Model: model), cancellationToken);
        stage.Terminal.WriteLine(("› ", Style.Accent), (prompt, Style.Bold));
        stage.Terminal.WriteLine();
        await foreach (var frame in server.Client.FollowAsync(session.Id, after, cancellationToken))
        {
            screen.Show(frame);
            if (frame is not EventFrame { Event.Body: var body })
                continue;

            if (body is PermissionAnswered && Notices.Of(body) is { } answer)
                stage.Terminal.WriteLine(answer.Text + ", by the demo", answer.Style);
            if (body is PermissionAsked asked)
                await server.Client.AnswerAsync(session.Id, asked.Permission, new PermissionReply(PermissionAnswer.Once), cancellationToken);
            if (body is TurnCompleted completed && completed.Turn == accepted.Turn)
                return body;
            if (body is TurnFailed or TurnInterrupted)
                throw new DemoException($"The turn did not end well: {Notices.Of(body)?.Text}");
        }

        throw new OperationCanceledException();
    }

    private async Task<IReadOnlyList<Repair>> RepairsAsync(long after, long last, CancellationToken cancellationToken)
    {
        var repairs = new List<Repair>();
        await foreach (var frame in server.Client.FollowAsync(Session, after, cancellationToken))
        {
            if (frame is not EventFrame { Event: var e })
                continue;
            if (e.Body is SessionRepaired repaired)
                repairs.AddRange(repaired.Repairs);
            if (e.Seq >= last)
                break;
        }

        return repairs;
    }

    private async Task<IReadOnlyList<Message>> MessagesAsync(SessionId session, CancellationToken cancellationToken) =>
        (await Pages.AllAsync(server.Client, session, cancellationToken)).Items;

    // As JSON, since that holds every part of every message.
    private static string Text(IReadOnlyList<Message> messages) =>
        string.Join('\n', messages.Select(m => JsonSerializer.Serialize(m, SkeinJson.Relaxed.Message)));

    private TurnScreen NewScreen() => new(stage.Terminal, stage.Terminal, showPrompts: false);
}
