using Microsoft.Extensions.Logging;
using Skein.Core.Agents;

namespace Skein.Core.Running;

/// <summary>The one agent that a session has at a time: made when first needed, replaced when the session is given another.</summary>
internal sealed class AgentSlot(SessionId session, AgentKinds kinds, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan s_endWithin = TimeSpan.FromSeconds(10);

    private readonly List<Task> _endings = [];
    private (string Name, IAgent Agent)? _current;

    public bool IsBusy => _current?.Agent.IsBusy ?? false;

    /// <exception cref="InvalidRequestException">This server has no such agent.</exception>
    public IAgent For(Session session)
    {
        if (_current is { } current && current.Name == session.Agent)
            return current.Agent;

        if (!kinds.TryFind(session.Agent, out var kind))
            throw new InvalidRequestException($"Session {session.Id} has the agent '{session.Agent}', which this server does not know.");
        EndCurrent();
        _current = (session.Agent, kind.Open(session));
        return _current.Value.Agent;
    }

    /// <summary>Whether the session's agent waits for an answer that a restart does not lose.</summary>
    public bool IsWaitingToResume(Session session) =>
        session.Status == SessionStatus.Waiting && kinds.TryFind(session.Agent, out var kind) && kind.Resumes;

    /// <summary>Lets an agent go that does not end its turn: the next turn gets another.</summary>
    public void Abandon(IAgent agent)
    {
        if (_current is { } current && current.Agent == agent)
            EndCurrent();
    }

    /// <summary>Ends the agents, but waits for none for ever.</summary>
    public async ValueTask DisposeAsync()
    {
        EndCurrent();
        try
        {
            await Task.WhenAll(_endings).WaitAsync(s_endWithin, time);
        }
        catch (TimeoutException)
        {
            // One that does not even end its turns.
        }
    }

    private void EndCurrent()
    {
        if (_current is { } current)
            _endings.Add(EndAsync(current.Name, current.Agent));
        _current = null;
    }

    // The session goes on: it is let go, or given another.
    private async Task EndAsync(string name, IAgent agent)
    {
        try
        {
            await agent.DisposeAsync();
        }
        catch (Exception e)
        {
            logger.AgentNotEnded(session, name, e);
        }
    }
}
