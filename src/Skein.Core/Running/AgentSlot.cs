using Skein.Core.Agents;

namespace Skein.Core.Running;

/// <summary>The one agent that a session has at a time: made when first needed, replaced when the session is given another.</summary>
internal sealed class AgentSlot(AgentKinds kinds) : IAsyncDisposable
{
    private readonly List<Task> _endings = [];
    private (string Name, IAgent Agent)? _current;

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

    public async ValueTask DisposeAsync()
    {
        EndCurrent();
        await Task.WhenAll(_endings);
    }

    private void EndCurrent()
    {
        if (_current is { } current)
            _endings.Add(current.Agent.DisposeAsync().AsTask());
        _current = null;
    }
}
