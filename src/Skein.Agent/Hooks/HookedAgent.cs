using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Agent.Hooks;

/// <summary>Any agent, whose turns and whose end hooks are told of.</summary>
/// <param name="hooked">What it is handed in place of a turn; null: the turn.</param>
internal sealed class HookedAgent(IAgent agent, Session session, SessionHooks hooks, Func<ITurn, ITurn>? hooked = null) : IAgent
{
    private bool _hookRan;

    public bool CanSteer => agent.CanSteer;

    public bool TellsFirst => agent.TellsFirst;

    public bool CanCompact => agent.CanCompact;

    public bool IsBusy => agent.IsBusy;

    public bool RanBeside => agent.RanBeside || _hookRan;

    public async IAsyncEnumerable<AgentOutput> RunTurnAsync(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _hookRan = false;
        var (said, failure) = (new List<string>(), (TurnFailure?)null);
        await foreach (var output in agent.RunTurnAsync(hooked?.Invoke(turn) ?? turn, cancellationToken))
        {
            // Only the last message's text: what the turn came to.
            foreach (var body in (output as AgentEvents)?.Bodies ?? [])
            {
                if (body is MessageAdded)
                    said.Clear();
                else if (body is PartAdded { Content: TextPart text })
                    said.Add(text.Text);
            }

            failure = output as TurnFailure ?? failure;
            if (output is not TurnFailure)
                yield return output;
        }

        (_hookRan, var denied) = await hooks.OnTurnEndAsync(turn, string.Join("\n\n", said), failure, cancellationToken);
        if ((failure ?? denied) is { } last)
            yield return last;
    }

    public async ValueTask DisposeAsync()
    {
        await agent.DisposeAsync();
        await hooks.OnSessionEndAsync(session);
    }
}
