using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

internal static class ForkCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = Values.Session();
        var message = new Option<string>("--message", "-m") { Description = "The last message the fork has, by its number in 'skein show' or its id; without it: all.", HelpName = "MESSAGE" };
        var title = new Option<string>("--title") { Description = "Its title; without it: the origin's with (fork).", HelpName = "TITLE" };
        var worktree = new Option<bool>("--worktree", "-w") { Description = "It works in a git worktree of its own, beside the project, which begins with what the project's folder has." };
        var branch = new Option<string>("--branch") { Description = "With --worktree: the new branch of it; without it: skein/ and the end of the fork's id.", HelpName = "NAME" };
        var json = Values.Json();
        var command = new Command("fork", "Make a new session that begins with the messages of another, which stays as it is.") { name, message, title, worktree, branch, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(branch) is not null && !parsed.GetValue(worktree))
                throw new UsageException("'skein fork --branch' names the branch of a worktree: give --worktree too.");
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var origin = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            MessageId? last = parsed.GetValue(message) is { } called ? await Pages.FindMessageAsync(client, origin, called, cancellationToken) : null;
            var fork = await client.ForkAsync(origin, new ForkRequest(last, parsed.GetValue(title), parsed.GetValue(worktree), parsed.GetValue(branch)), cancellationToken);

            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(fork, SkeinJson.Relaxed.SessionView));
            else
                Answers.Tell(surroundings, fork.Session, $"has the first {Spans.Plural(fork.Session.Messages, "message")} of {SessionName.Shorten(origin)}{(fork.Session.Worktree is { } made ? $", works in {fork.Session.Workspace} on {made.Branch}" : "")}");
            return CommandLine.Good;
        });
        return command;
    }
}
