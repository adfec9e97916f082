using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

internal static class CompactCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = Values.Session();
        var keep = new Argument<string[]>("KEEP") { Description = "What the summary is to keep above all, in your words.", Arity = ArgumentArity.ZeroOrMore };
        var json = Values.Json();
        var command = new Command(
            "compact", "Let the agent summarise all but the last turn, so that its context has room again. Nothing is deleted: the messages stay, and 'skein rewind' goes back beyond the summary.") { name, keep, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var id = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            var accepted = await client.CompactAsync(id, new CompactRequest(string.Join(' ', parsed.GetValue(keep)!)), cancellationToken);
            surroundings.Activity.Status("summarising …");
            var (summary, own, end) = await FollowAsync(client, id, accepted, surroundings, cancellationToken);
            surroundings.Activity.Status(null);
            if (end is not TurnCompleted)
            {
                if (Notices.Of(end) is { } notice)
                    surroundings.Error.WriteLine(notice.Text, notice.Style);
                return end is TurnFailed ? CommandLine.Failed : CommandLine.Interrupted;
            }

            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(Json(summary, own).ToJsonString(SkeinJson.Relaxed.Options));
            else if (own is not null)
                surroundings.Out.WriteLine(Notices.Of(own)!.Value.Text);
            else if (summary is null)
                surroundings.Out.WriteLine("There is nothing to summarise: nothing was said since the last summary.");
            else
            {
                surroundings.Activity.WriteLine(Notices.Of(summary), Style.Dim);
                surroundings.Out.WriteLine(summary.Text);
            }

            return CommandLine.Good;
        });
        return command;
    }

    private static async Task<(SummaryPart? Summary, AgentCompacted? Own, EventBody End)> FollowAsync(
        SkeinClient client, SessionId id, PromptAccepted accepted, Surroundings surroundings, CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var interrupt = new TurnInterrupt(client, id, surroundings, leaving, isServer: false);
        SummaryPart? summary = null;
        AgentCompacted? own = null;
        await foreach (var e in client.FollowAsync(id, accepted.Seq, leaving.Token).OfType<Core.Running.EventFrame>())
        {
            switch (e.Event.Body)
            {
                case MessageAdded { Parts: [{ Content: SummaryPart made }] }:
                    summary = made;
                    break;
                case AgentCompacted compacted:
                    own = compacted;
                    break;
                case ModelRetried retried when Notices.Of(retried) is { } notice:
                    surroundings.Activity.WriteLine(notice.Text, notice.Style);
                    break;
                case TurnCompleted or TurnFailed or TurnInterrupted:
                    return (summary, own, e.Event.Body);
            }
        }

        throw new OperationCanceledException();
    }

    /// <param name="own">What a driven agent did by itself, whose summary it keeps.</param>
    private static JsonObject Json(SummaryPart? summary, AgentCompacted? own)
    {
        var json = new JsonObject { ["compacted"] = summary is not null || own is not null };
        if (own is not null)
            json["agent"] = own.Agent;
        if (summary is not null)
        {
            json["kept"] = summary.Kept;
            json["tokens"] = summary.Tokens;
            json["text"] = summary.Text;
        }

        return json;
    }
}
