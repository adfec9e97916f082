using System.Runtime.CompilerServices;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>An agent whose prompts are lines for a shell in the workspace, one call each line.</summary>
internal static class ShellTurns
{
    /// <summary>A message a line, so that a turn has a middle.</summary>
    public static async IAsyncEnumerable<AgentOutput> DoAsync(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (i, line) in turn.Messages[^1].Text.Split('\n').Index())
        {
            var (message, call) = (turn.Ids.Next<MessageId>(), $"call{i}");
            var reads = line.StartsWith("read: ", StringComparison.Ordinal);
            yield return ScriptedAgent.Begin(message);
            yield return new PartAdded(message, turn.Ids.Next<PartId>(), new ToolCallPart(call, "bash", JsonElement.Parse("{}")));
            yield return new ToolStarted(message, call, "bash", line, reads);
            await Shell.RunAsync(turn.Session.Workspace, reads ? line[6..] : line);
            yield return new AgentEvents(
            [
                new ToolFinished(message, call, false, 1),
                new PartAdded(message, turn.Ids.Next<PartId>(), new ToolResultPart(call, "done")),
                new MessageCompleted(message, StopReason.End),
            ]);
        }
    }
}
