using System.CommandLine;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Files;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

internal static class MergeCommand
{
    private static readonly (string Word, ConflictChoice Choice)[] s_choices =
        [("abort", ConflictChoice.Abort), ("markers", ConflictChoice.Markers), ("ours", ConflictChoice.Ours), ("theirs", ConflictChoice.Theirs)];

    public static Command Create(Surroundings surroundings)
    {
        var name = Values.Session();
        var conflicts = Values.Word(
            "--conflicts", "CHOICE",
            "What becomes of files that both changed at the same lines: abort (the default: nothing is merged), markers (both, between git's marks), ours (as in the origin) or theirs (as in the fork).",
            s_choices);
        var abort = new Option<bool>("--abort") { Description = "Take the merge of this fork back: the files are what they were, and its message is hidden." };
        var force = new Option<bool>("--force") { Description = "With --abort: also if somebody else changed files since. What they are now is kept." };
        var json = Values.Json();
        var command = new Command("merge", "Carry what a fork did into the session it was forked from: its changes of files, and one message that tells of it.")
        {
            name, conflicts, abort, force, json,
        };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var isAbort = parsed.GetValue(abort);
            if (isAbort && parsed.GetValue(conflicts) is not null)
                throw new UsageException("'skein merge --abort' takes a merge back: --conflicts is for making one.");
            if (!isAbort && parsed.GetValue(force))
                throw new UsageException("'skein merge --force' is for --abort: a merge loses nothing.");

            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var fork = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            if (isAbort)
                await AbortAsync(client, fork, parsed.GetValue(force), parsed.GetValue(json), surroundings, cancellationToken);
            else
                await MergeAsync(client, fork, parsed.GetValue(conflicts) ?? ConflictChoice.Abort, parsed.GetValue(json), surroundings, cancellationToken);
            return CommandLine.Good;
        });
        return command;
    }

    private static async Task MergeAsync(
        SkeinClient client, SessionId fork, ConflictChoice choice, bool json, Surroundings surroundings, CancellationToken cancellationToken)
    {
        var outcome = await client.MergeAsync(fork, new MergeRequest(choice), cancellationToken);
        if (json)
        {
            surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(outcome, SkeinJson.Relaxed.MergeOutcome));
            return;
        }

        Answers.Tell(surroundings, outcome.Session, $"has what {SessionName.Shorten(fork)} did; back: skein merge {SessionName.Shorten(fork)} --abort");
        if (surroundings.Out.IsTerminal && outcome.Files.Count > 0)
            FileDiff.ShowFiles(outcome.Files, surroundings.Out);
        foreach (var conflict in outcome.Conflicts)
            surroundings.Error.WriteLine($"{TerminalText.CleanLine(conflict)}: both had changed it; {Done(choice)}", Style.Warning);
    }

    private static async Task AbortAsync(SkeinClient client, SessionId fork, bool force, bool json, Surroundings surroundings, CancellationToken cancellationToken)
    {
        var view = await client.UnmergeAsync(fork, new UnmergeRequest(force), cancellationToken);
        if (json)
            surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(view, SkeinJson.Relaxed.SessionView));
        else
            Answers.Tell(surroundings, view.Session, $"is as it was before {SessionName.Shorten(fork)} was merged; again: skein unrewind {SessionName.Shorten(view.Session.Id)} --files");
    }

    private static string Done(ConflictChoice choice) => choice switch
    {
        ConflictChoice.Ours => "it is as the origin had it",
        ConflictChoice.Theirs => "it is as the fork had it",
        _ => "git's marks show where it must be decided",
    };
}
