using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

internal static class RewindCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = Values.Session();
        var message = new Argument<string?>("MESSAGE")
        {
            Description = "The last message to keep, by its number in 'skein show' or its id; without it: what came before the last turn.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var files = new Option<bool>("--files") { Description = "Also restore the files of its folder as they were then." };
        var force = Values.ForceFiles();
        var json = Values.Json();
        var command = new Command("rewind", "Hide the messages after one, or the last turn. Nothing is deleted, and 'skein unrewind' brings them back until the next prompt.") { name, message, files, force, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var id = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            MessageId? keep = parsed.GetValue(message) is { } called ? await Pages.FindMessageAsync(client, id, called, cancellationToken) : null;
            var view = await client.RewindAsync(id, new RewindRequest(keep, parsed.GetValue(files), parsed.GetValue(force)), cancellationToken);

            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(view, SkeinJson.Relaxed.SessionView));
            else
                Answers.Tell(surroundings, view.Session, $"has {Spans.Plural(view.Session.Messages, "message")} now; back: skein unrewind {SessionName.Shorten(id)}{(parsed.GetValue(files) ? " --files" : "")}");
            return CommandLine.Good;
        });
        return command;
    }
}

internal static class UnrewindCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = Values.Session();
        var files = new Option<bool>("--files") { Description = "Also restore the files as they were before the rewind." };
        var force = Values.ForceFiles();
        var json = Values.Json();
        var command = new Command("unrewind", "Undo the last rewind, as long as no prompt made it final.") { name, files, force, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var id = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            var view = await client.UnrewindAsync(id, new UnrewindRequest(parsed.GetValue(files), parsed.GetValue(force)), cancellationToken);

            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(view, SkeinJson.Relaxed.SessionView));
            else
                Answers.Tell(surroundings, view.Session, $"has {Spans.Plural(view.Session.Messages, "message")} again");
            return CommandLine.Good;
        });
        return command;
    }
}
