using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>The model that a session had with an agent that it goes back to.</summary>
internal static class EarlierModel
{
    /// <summary>Events. What lies further back was long ago.</summary>
    private const int Most = 20_000;

    /// <returns>Null: the agent never worked here, or with a model of its own choice.</returns>
    public static async ValueTask<string?> FindAsync(ISessionStore store, SessionId session, string agent, CancellationToken cancellationToken)
    {
        await foreach (var e in store.ReadBackAsync(session, long.MaxValue, cancellationToken).Take(Most).WithCancellation(cancellationToken))
        {
            var (who, model) = e.Body switch
            {
                TurnStarted started => (started.Agent, started.Model),
                SessionConfigured { Agent: not null } configured => (configured.Agent, configured.Model),
                SessionCreated created => (created.Agent, created.Model),
                _ => (null, null),
            };
            if (who == agent)
                return model;
        }

        return null;
    }
}
