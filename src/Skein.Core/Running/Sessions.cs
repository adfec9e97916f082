using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>
/// The kernel: every command about a session comes through here. One runner (an actor) a session owns its writer; it is started on
/// demand and let go when idle. Safe for use by many threads.
/// </summary>
public sealed class Sessions(ISessionStore store, IReadOnlyDictionary<string, AgentKind> agents, SessionsOptions options, TimeProvider time) : IAsyncDisposable
{
    public IdSource Ids { get; } = new(time);

    /// <summary>Takes over the sessions whose server died: mends them and says so in their logs. For the start of a server.</summary>
    public Task<IReadOnlyList<SessionId>> TakeOverAbandonedAsync(CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<SessionView> CreateAsync(NewSession request, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<SessionView> GetAsync(SessionId session, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<SessionPage> ListAsync(SessionQuery query, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<SessionView> ChangeAsync(SessionId session, SessionChange change, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<SessionView> TrashAsync(SessionId session, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<SessionView> RestoreAsync(SessionId session, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    /// <summary>Ends the agent and the runner (an open turn is interrupted) and keeps the session.</summary>
    public Task ReleaseAsync(SessionId session, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<PromptAccepted> PromptAsync(SessionId session, PromptRequest prompt, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    /// <summary>Takes a queued prompt back.</summary>
    public Task WithdrawAsync(SessionId session, TurnId turn, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    /// <summary>Returns when the turn has really ended.</summary>
    public Task<InterruptOutcome> InterruptAsync(SessionId session, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<SessionView> AnswerAsync(SessionId session, PermissionId permission, PermissionReply reply, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<SessionView> ForkAsync(SessionId session, ForkRequest request, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<SessionView> RewindAsync(SessionId session, RewindRequest request, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<SessionView> UnrewindAsync(SessionId session, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    /// <param name="before"><see cref="MessagePage.Before"/> of the page after; null: the newest page.</param>
    /// <param name="limit">1 to 1,000.</param>
    public Task<MessagePage> ListMessagesAsync(SessionId session, long? before, int limit, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<Message> AddMessageAsync(SessionId session, NewMessage message, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    public Task<Message> EditMessageAsync(SessionId session, MessageId message, MessageChange change, Cause by, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    /// <summary>Every event after <paramref name="after"/>, then those to come, with the text that is arriving between them. Ends only when cancelled.</summary>
    public IAsyncEnumerable<FeedFrame> FollowAsync(SessionId session, long after, CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    /// <summary>The rows of the live sessions (running or waiting), then every row as it changes.</summary>
    public IAsyncEnumerable<SessionRow> WatchAsync(CancellationToken cancellationToken) => throw new NotImplementedException(agents.Count + options.Host);

    /// <summary>The content of a blob; null when there is none.</summary>
    public ValueTask<Stream?> FindBlobAsync(string sha256, CancellationToken cancellationToken) => store.FindBlobAsync(sha256, cancellationToken);

    public ValueTask DisposeAsync() => throw new NotImplementedException(agents.Count + options.Host);
}

/// <param name="DefaultAgent">The agent of a session that names none.</param>
/// <param name="DefaultModel">The model of a session that names none; null leaves it to the agent.</param>
/// <param name="DefaultMode">The mode of a session that names none.</param>
/// <param name="Host">The name of this machine.</param>
public sealed record SessionsOptions(string DefaultAgent, string? DefaultModel, PermissionMode DefaultMode, string Host);
