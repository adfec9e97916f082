using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Repl;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

internal static class QueueCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = Values.Session();
        var text = new Argument<string[]>("TEXT") { Description = "With --edit: what the prompt is to say.", Arity = ArgumentArity.ZeroOrMore };
        var edit = Values.Number("--edit", "Change what the prompt of this number says; its place stays.");
        var drop = Values.Number("--drop", "Take the prompt of this number back.");
        var steer = Values.Number("--steer", "Tell the prompt of this number to the running turn, at its next step.");
        var start = new Option<bool>("--start") { Description = "Start the first, where no turn runs: those that waited when the server was stopped go on only then, or with the next prompt." };
        var json = Values.Json();
        var command = new Command("queue", "List the prompts that wait for a session's turn to end, change one, take one back, tell one to the running turn, or start the first.") { name, text, edit, drop, steer, start, json };
        command.Validators.Add(result =>
        {
            if (new[] { result.GetValue(edit) is not null, result.GetValue(drop) is not null, result.GetValue(steer) is not null, result.GetValue(start) }.Count(given => given) > 1)
                result.AddError("--edit, --drop, --steer and --start exclude each other.");
            if ((result.GetValue(edit) is not null) != (result.GetValue(text) is { Length: > 0 }))
                result.AddError("--edit needs the text that the prompt is to say, and nothing else takes one: skein queue SESSION --edit 1 \"TEXT\".");
        });

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var id = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            var view = await client.GetAsync(id, cancellationToken);
            if (parsed.GetValue(edit) is { } edited)
                view = await client.EditQueuedAsync(id, At(view.Session, edited).Turn, new PromptChange(string.Join(' ', parsed.GetValue(text)!)), cancellationToken);
            else if (parsed.GetValue(drop) is { } dropped)
                view = await client.WithdrawAsync(id, At(view.Session, dropped).Turn, cancellationToken);
            else if (parsed.GetValue(steer) is { } steered)
                view = await client.EditQueuedAsync(id, At(view.Session, steered).Turn, new PromptChange(When: WhenBusy.Steer), cancellationToken);
            else if (parsed.GetValue(start))
            {
                await client.StartQueuedAsync(id, cancellationToken);
                view = await client.GetAsync(id, cancellationToken);
            }

            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(view, SkeinJson.Relaxed.SessionView));
            else if (view.Session.Queue.Count == 0)
                surroundings.Out.WriteLine("No prompt waits.");
            else
                foreach (var (i, prompt) in view.Session.Queue.Index())
                    surroundings.Out.WriteLine(($"{i + 1} ", Style.Dim), (TerminalText.Clean(Talk.TextOf(prompt)), Style.Plain));
            if (view.Session is { Queue.Count: > 0, Turn: null })
                surroundings.Error.WriteLine($"No turn runs: they wait for the next prompt, or 'skein queue {SessionName.Shorten(id)} --start'.");
            return CommandLine.Good;
        });
        return command;
    }

    /// <exception cref="UsageException">No prompt has this number.</exception>
    public static PromptQueued At(Session session, int number) =>
        number >= 1 && number <= session.Queue.Count
            ? session.Queue[number - 1]
            : throw new UsageException($"There is no prompt {number}: {(session.Queue.Count == 0 ? "none waits" : $"{session.Queue.Count} wait")}.");
}
