using System.Runtime.Versioning;
using Skein.Adapters.Claude;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent;

namespace Skein.Tests.Adapters.Claude;

/// <summary>Claude Code's sub-agents in the background, which a turn waits for; a process that says what Claude Code says.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ClaudeWaitTests
{
    // The first prompt begins a sub-agent that never tells anything more; the next is answered.
    private const string Program = """
        n=0
        while read -r line; do
          case $line in *'"stop_task"'*) stopped=yes ;; esac
          case $line in
            *'"control_request"'*)
              id=${line##*'"request_id":"'}
              echo '{"type":"control_response","response":{"subtype":"success","request_id":"'${id%%'"'*}'"}}' ;;
            *'"type":"user"'*)
              n=$((n+1))
              if [ $n = 1 ]; then
                echo '{"type":"system","subtype":"background_tasks_changed","tasks":[{"task_id":"b1","task_type":"local_agent"}]}'
                echo '{"type":"result","subtype":"success","is_error":false}'
              else
                echo '{"type":"system","subtype":"background_tasks_changed","tasks":[]}'
                echo '{"type":"assistant","message":{"id":"m1","model":"m","content":[{"type":"text","text":"stopped: '$stopped'"}]}}'
                echo '{"type":"result","subtype":"success","is_error":false}'
              fi ;;
          esac
        done
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_turn_whose_sub_agents_tell_nothing_for_too_long_fails_and_the_next_one_works()
    {
        var options = new DrivenAgentOptions("claude", new AgentCommand("sh", ["-c", Program, "claude"], []), () => new ClaudeProtocol("claude", TimeProvider.System), TimeProvider.System)
        {
            Environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")! },
            BackgroundWithin = TimeSpan.FromMilliseconds(300),
        };
        await using var agent = new DrivenAgent(options);

        var first = await RunAsync(agent, null);
        var second = await RunAsync(agent, agent.Live!.AgentSession);

        var failure = Assert.IsType<TurnFailure>(first[^1]);
        Assert.StartsWith("claude waited for its sub-agents", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(second, o => o is TurnFailure);
        Assert.Contains(second.OfType<AgentEvents>().SelectMany(e => e.Bodies).OfType<PartAdded>(), p => p.Content is TextPart { Text: "stopped: yes" });
    }

    private static async Task<List<AgentOutput>> RunAsync(DrivenAgent agent, string? own)
    {
        var turn = new FakeTurn(Sample.Session(null, Path.GetTempPath()) with { AgentSession = own }, [Sample.User("Go.")]);
        return await agent.RunTurnAsync(turn, Cancellation).ToListAsync(Cancellation);
    }
}
