using Skein.Agent;
using Skein.Cli.Commands;
using Skein.Cli.Composition;
using Skein.Cli.Repl.Editing;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Repl;

/// <summary>Puts together what the redrawn rows tell. For the pump's thread.</summary>
internal sealed class LiveStates(Surroundings surroundings, Talk talk, TurnView view, LineEditor editor, QuestionKeys questions, Completer completer, ReplStart start)
{
    /// <param name="aside">What of the person's own goes on; null: nothing.</param>
    /// <param name="hint">What is to be said under the line before anything else; may be empty.</param>
    public LiveState Now(string? aside, string hint)
    {
        var question = questions.IsArmed ? talk.Question : null;
        return new LiveState(
            view.Partial,
            aside is not null ? $"{aside} · Esc stops it" : talk.IsRunning && question is null ? Activity() : null,
            Waiting(),
            question is not null && !questions.AsksWhy ? LiveRows.Question(question) : null,
            Prompt(),
            editor.Buffer,
            Status(),
            Hints(hint));
    }

    private string Activity() =>
        LiveRows.Activity(talk.Question is null ? view.Activity : "waits for your answer", talk.Elapsed, talk.Meter.Spent);

    private IReadOnlyList<string> Waiting() => talk.Session is { } session
        ? [.. session.Steered.Select(p => $"↪ {Talk.TextOf(p.Parts)}"), .. session.Queue.Select(p => $"⧗ {Talk.TextOf(p)}")]
        : [];

    private string Prompt() => editor.Query is { } query ? $"{(editor.NotFound ? "nothing like" : "search")} '{TextWidth.Cut(query, 20)}': "
        : questions.AsksWhy ? "why not? "
        : editor.Buffer.Text.StartsWith('!') ? "$ "
        : "› ";

    private IReadOnlyList<string> Hints(string hint) => hint.Length > 0 ? [hint]
        : questions.AsksWhy ? ["Enter: no; with a reason the agent reads it. Esc: back"]
        : editor.Query is not null ? ["Ctrl+R: older · Enter: take it · Esc: leave it"]
        : talk is { IsRunning: true, Question: null, Session: { Queue.Count: > 0, Agent: var agent } } && editor.Buffer.IsEmpty
            ? [start.MaySteer(agent) ? "Enter: tell the running turn ⧗ now · Up: take it back" : "Up: take ⧗ back"]
        : talk is { IsRunning: false, Session.Queue.Count: > 0 } && editor.Buffer.IsEmpty ? ["Enter: start ⧗ now · Up: take it back"]
        : completer.Hints(editor.Buffer);

    private string Status()
    {
        var session = talk.Session;
        var home = surroundings.Variable("HOME");
        var folder = session?.Workspace ?? surroundings.Folder;
        if (home is { Length: > 1 } && folder.StartsWith(home, StringComparison.Ordinal))
            folder = "~" + folder[home.Length..];
        var model = session is null ? talk.Wanted.Model : session.Model;
        var agent = session is null ? talk.Wanted.Agent : session.Agent;
        return LiveRows.Status(
            agent is null or SkeinAgent.Name ? model ?? agent : model is null ? agent : $"{agent} {model}",
            talk.Mode.ToString().ToLowerInvariant(),
            session is null ? null : SessionName.Shorten(session.Id),
            folder,
            session is null || session.Usage == new Usage() ? null : Words.Of(session.Usage),
            session is { Cost: > 0 } ? Spans.Dollars(session.Cost) : null,
            model is null ? null : talk.Meter.Left(start.ContextOf(model)));
    }
}
