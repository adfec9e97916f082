using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Core.Search;
using Skein.Core.Spending;

namespace Skein.Client;

/// <summary>
/// Speaks to a Skein server. A call whose connection was lost is sent again, with the same Idempotency-Key, so that it is carried out
/// once; streams go on by themselves. Safe for use by many threads.
/// </summary>
/// <remarks>
/// A refusal is thrown as the <see cref="SkeinException"/> of Skein.Core that the server threw where it can be made again, else as a
/// <see cref="ProblemException"/>; a server that is not there as a <see cref="ServerUnreachableException"/>. The parameter <c>key</c>
/// is the Idempotency-Key (1 to 200 printable ASCII characters); null: a new one for each call.
/// </remarks>
public sealed class SkeinClient : IAsyncDisposable
{
    private readonly Connection _connection;
    private readonly EventStream _streams;

    private SkeinClient(Connection connection)
    {
        _connection = connection;
        _streams = new EventStream(connection);
    }

    /// <summary>A client of the server behind a Unix socket. Connects with the first call.</summary>
    public static SkeinClient ForSocket(string path, SkeinClientOptions? options = null) =>
        new(Connection.ToSocket(path, options ?? new SkeinClientOptions()));

    /// <summary>A client of the server at an address such as <c>http://127.0.0.1:7788</c>. Connects with the first call.</summary>
    public static SkeinClient ForUrl(Uri address, string? token, SkeinClientOptions? options = null) =>
        new(Connection.ToUrl(address, token, options ?? new SkeinClientOptions()));

    /// <exception cref="SessionExistsException">Comes as a <see cref="ProblemException"/> with <c>session_exists</c>.</exception>
    public Task<SessionView> CreateAsync(NewSession request, CancellationToken cancellationToken, string? key = null) =>
        PostAsync("v1/sessions", null, request, SkeinJson.Relaxed.NewSession, SkeinJson.Relaxed.SessionView, key, cancellationToken);

    /// <inheritdoc cref="Sessions.ImportAsync"/>
    public Task<SessionView> ImportAsync(ImportRequest request, CancellationToken cancellationToken, string? key = null) =>
        PostAsync("v1/sessions/import", null, request, SkeinJson.Relaxed.ImportRequest, SkeinJson.Relaxed.SessionView, key, cancellationToken);

    public Task<SessionView> GetAsync(SessionId session, CancellationToken cancellationToken) =>
        GetAsync(Path(session), session, SkeinJson.Relaxed.SessionView, cancellationToken);

    public Task<SessionPage> ListAsync(SessionQuery query, CancellationToken cancellationToken) =>
        GetAsync("v1/sessions" + Queries.Of(query), null, SkeinJson.Relaxed.SessionPage, cancellationToken);

    /// <summary>
    /// The page of <see cref="ListAsync"/> as the server wrote it, in UTF-8, for programs that hand it on, or that take little of it and
    /// are in a hurry: what it takes to read sessions from JSON is most of a short program's time.
    /// </summary>
    public Task<byte[]> ListJsonAsync(SessionQuery query, CancellationToken cancellationToken) =>
        _connection.ReadAsync(new ApiRequest(HttpMethod.Get, "v1/sessions" + Queries.Of(query)), cancellationToken);

    public Task<SessionView> ChangeAsync(SessionId session, SessionChange change, CancellationToken cancellationToken, string? key = null) =>
        SendAsync(HttpMethod.Patch, Path(session), session, change, SkeinJson.Relaxed.SessionChange, SkeinJson.Relaxed.SessionView, key, cancellationToken);

    public Task<SessionView> TrashAsync(SessionId session, CancellationToken cancellationToken, string? key = null) =>
        _connection.SendAsync(new ApiRequest(HttpMethod.Delete, Path(session), session) { Key = key ?? NewKey() }, SkeinJson.Relaxed.SessionView, cancellationToken);

    /// <inheritdoc cref="Sessions.PurgeAsync"/>
    public Task PurgeAsync(SessionId session, CancellationToken cancellationToken, string? key = null) =>
        _connection.SendAsync(new ApiRequest(HttpMethod.Delete, Path(session) + "?purge=true", session) { Key = key ?? NewKey() }, cancellationToken);

    /// <inheritdoc cref="ISessionStore.CollectAsync"/>
    public Task<Collected> CollectAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync(new ApiRequest(HttpMethod.Post, "v1/server/gc") { Key = NewKey() }, SkeinJson.Relaxed.Collected, cancellationToken);

    public Task<SessionView> RestoreAsync(SessionId session, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(session, "restore"), session, SkeinJson.Relaxed.SessionView, key, cancellationToken);

    /// <inheritdoc cref="Sessions.ReleaseAsync"/>
    public Task ReleaseAsync(SessionId session, CancellationToken cancellationToken) =>
        _connection.SendAsync(new ApiRequest(HttpMethod.Delete, Path(session, "live"), session) { Key = NewKey() }, cancellationToken);

    /// <inheritdoc cref="Sessions.ReleaseAllAsync"/>
    public Task<Released> ReleaseAllAsync(string? workspace, CancellationToken cancellationToken) =>
        _connection.SendAsync(
            new ApiRequest(HttpMethod.Delete, "v1/sessions/live" + Queries.OfWorkspace(workspace)) { Key = NewKey() }, SkeinJson.Relaxed.Released, cancellationToken);

    /// <summary>Returns when the prompt is durable; follow the session to see what becomes of it.</summary>
    /// <exception cref="BusyException">A turn runs, and <see cref="PromptRequest.When"/> is reject.</exception>
    public Task<PromptAccepted> PromptAsync(SessionId session, PromptRequest prompt, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(session, "prompt"), session, prompt, SkeinJson.Relaxed.PromptRequest, SkeinJson.Relaxed.PromptAccepted, key, cancellationToken);

    /// <inheritdoc cref="Sessions.CompactAsync"/>
    public Task<PromptAccepted> CompactAsync(SessionId session, CompactRequest request, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(session, "compact"), session, request, SkeinJson.Relaxed.CompactRequest, SkeinJson.Relaxed.PromptAccepted, key, cancellationToken);

    /// <inheritdoc cref="Sessions.StartQueuedAsync"/>
    public Task<PromptAccepted> StartQueuedAsync(SessionId session, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(session, "queue/start"), session, SkeinJson.Relaxed.PromptAccepted, key, cancellationToken);

    /// <inheritdoc cref="Sessions.EditQueuedAsync"/>
    public Task<SessionView> EditQueuedAsync(SessionId session, TurnId turn, PromptChange change, CancellationToken cancellationToken, string? key = null) =>
        SendAsync(HttpMethod.Patch, Path(session, $"queue/{turn}"), session, change, SkeinJson.Relaxed.PromptChange, SkeinJson.Relaxed.SessionView, key, cancellationToken);

    /// <inheritdoc cref="Sessions.WithdrawAsync"/>
    public Task<SessionView> WithdrawAsync(SessionId session, TurnId turn, CancellationToken cancellationToken, string? key = null) =>
        _connection.SendAsync(
            new ApiRequest(HttpMethod.Delete, Path(session, $"queue/{turn}"), session) { Key = key ?? NewKey() }, SkeinJson.Relaxed.SessionView, cancellationToken);

    /// <inheritdoc cref="Sessions.InterruptAsync"/>
    public Task<InterruptOutcome> InterruptAsync(SessionId session, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(session, "interrupt"), session, SkeinJson.Relaxed.InterruptOutcome, key, cancellationToken);

    public Task<SessionView> AnswerAsync(
        SessionId session, PermissionId permission, PermissionReply reply, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(
            Path(session, $"permissions/{permission}"), session, reply, SkeinJson.Relaxed.PermissionReply, SkeinJson.Relaxed.SessionView, key, cancellationToken);

    /// <inheritdoc cref="Sessions.MoveAsync"/>
    public Task<SessionView> MoveAsync(SessionId session, MoveRequest request, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(session, "move"), session, request, SkeinJson.Relaxed.MoveRequest, SkeinJson.Relaxed.SessionView, key, cancellationToken);

    public Task<SessionView> ForkAsync(SessionId session, ForkRequest request, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(session, "fork"), session, request, SkeinJson.Relaxed.ForkRequest, SkeinJson.Relaxed.SessionView, key, cancellationToken);

    /// <inheritdoc cref="Sessions.MergeAsync"/>
    public Task<MergeOutcome> MergeAsync(SessionId fork, MergeRequest request, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(fork, "merge"), fork, request, SkeinJson.Relaxed.MergeRequest, SkeinJson.Relaxed.MergeOutcome, key, cancellationToken);

    /// <inheritdoc cref="Sessions.UnmergeAsync"/>
    public Task<SessionView> UnmergeAsync(SessionId fork, UnmergeRequest request, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(fork, "unmerge"), fork, request, SkeinJson.Relaxed.UnmergeRequest, SkeinJson.Relaxed.SessionView, key, cancellationToken);

    /// <inheritdoc cref="Sessions.DiffAsync"/>
    public Task<SessionDiff> DiffAsync(SessionId session, TurnId? turn, bool withPatch, CancellationToken cancellationToken) =>
        GetAsync(Path(session, $"diff?patch={(withPatch ? "true" : "false")}{(turn is { } one ? $"&turn={one}" : "")}"), session, SkeinJson.Relaxed.SessionDiff, cancellationToken);

    public Task<SessionView> RewindAsync(SessionId session, RewindRequest request, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(session, "rewind"), session, request, SkeinJson.Relaxed.RewindRequest, SkeinJson.Relaxed.SessionView, key, cancellationToken);

    public Task<SessionView> UnrewindAsync(SessionId session, UnrewindRequest request, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(session, "unrewind"), session, request, SkeinJson.Relaxed.UnrewindRequest, SkeinJson.Relaxed.SessionView, key, cancellationToken);

    /// <inheritdoc cref="Sessions.ListMessagesAsync"/>
    public Task<MessagePage> ListMessagesAsync(SessionId session, long? before, int limit, CancellationToken cancellationToken)
    {
        var from = before is { } seq ? string.Create(CultureInfo.InvariantCulture, $"before={seq}&") : "";
        return GetAsync(Path(session, string.Create(CultureInfo.InvariantCulture, $"messages?{from}limit={limit}")), session, SkeinJson.Relaxed.MessagePage, cancellationToken);
    }

    /// <inheritdoc cref="Sessions.GetMessageAsync"/>
    public Task<Message> GetMessageAsync(SessionId session, MessageId message, CancellationToken cancellationToken) =>
        GetAsync(Path(session, $"messages/{message}"), session, SkeinJson.Relaxed.Message, cancellationToken);

    /// <summary>Appends a finished message without a turn.</summary>
    public Task<Message> AddMessageAsync(SessionId session, NewMessage message, CancellationToken cancellationToken, string? key = null) =>
        PostAsync(Path(session, "messages"), session, message, SkeinJson.Relaxed.NewMessage, SkeinJson.Relaxed.Message, key, cancellationToken);

    public Task<Message> EditMessageAsync(
        SessionId session, MessageId message, MessageChange change, CancellationToken cancellationToken, string? key = null) =>
        SendAsync(
            HttpMethod.Patch, Path(session, $"messages/{message}"), session, change, SkeinJson.Relaxed.MessageChange, SkeinJson.Relaxed.Message, key, cancellationToken);

    /// <summary>
    /// Every event after <paramref name="after"/>, then those to come, each once and in order, also over lost connections and restarts
    /// of the server, with the text that is arriving between them. Ends only when cancelled. A gap that came over the wire has
    /// neither a place in a file nor a time.
    /// </summary>
    /// <exception cref="CursorAheadException">The session ends before <paramref name="after"/>.</exception>
    /// <exception cref="ServerUnreachableException">The server was away for longer than <see cref="SkeinClientOptions.Patience"/>.</exception>
    public IAsyncEnumerable<FeedFrame> FollowAsync(SessionId session, long after, CancellationToken cancellationToken) =>
        _streams.FollowAsync(session, after, cancellationToken);

    /// <summary>
    /// The rows of the live sessions, then every row as it changes. After a lost connection the live ones come again: what happened
    /// between is not replayed. Ends only when cancelled.
    /// </summary>
    /// <exception cref="ServerUnreachableException">The server was away for longer than <see cref="SkeinClientOptions.Patience"/>.</exception>
    public IAsyncEnumerable<SessionRow> WatchAsync(CancellationToken cancellationToken) => _streams.WatchAsync(cancellationToken);

    /// <summary>
    /// Looks for a text in all sessions: hits as they are found, sessions that could not be searched, and at the end a
    /// <see cref="SearchLine.End"/>.
    /// </summary>
    /// <exception cref="InvalidRequestException">The query breaks a rule.</exception>
    /// <exception cref="ServerUnreachableException">The connection was lost before the end.</exception>
    public IAsyncEnumerable<SearchLine> SearchAsync(SearchQuery query, CancellationToken cancellationToken) =>
        LineStream.ReadAsync(_connection, new ApiRequest(HttpMethod.Get, "v1/search" + Queries.Of(query)), cancellationToken);

    /// <inheritdoc cref="Sessions.SumSpendingAsync"/>
    public Task<SpendingReport> GetSpendingAsync(SpendingQuery query, CancellationToken cancellationToken) =>
        GetAsync("v1/spending" + Queries.Of(query), null, SkeinJson.Relaxed.SpendingReport, cancellationToken);

    public Task<ServerInfo> GetServerAsync(CancellationToken cancellationToken) =>
        GetAsync("v1/server", null, SkeinJson.Relaxed.ServerInfo, cancellationToken);

    /// <summary>Whether the server lives. Needs no token.</summary>
    public Task<ServerHealth> GetHealthAsync(CancellationToken cancellationToken) =>
        GetAsync("health", null, SkeinJson.Relaxed.ServerHealth, cancellationToken);

    /// <summary>Asks the server to stop. Returns when it has begun to.</summary>
    public Task StopAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync(new ApiRequest(HttpMethod.Post, "v1/server/stop") { Key = NewKey() }, cancellationToken);

    /// <summary>The content of a blob, read as it arrives; the caller disposes it.</summary>
    /// <exception cref="ProblemException">There is no such blob (<c>not_found</c>).</exception>
    public Task<Stream> OpenBlobAsync(string sha256, CancellationToken cancellationToken) =>
        _connection.OpenAsync(new ApiRequest(HttpMethod.Get, "v1/blobs/" + Uri.EscapeDataString(sha256)), cancellationToken);

    /// <summary>Stores content that messages to come will name.</summary>
    /// <param name="open">Opens the content; again, where the connection was lost. What it opens is disposed.</param>
    public Task<BlobRef> PutBlobAsync(Func<Stream> open, string mediaType, CancellationToken cancellationToken) =>
        _connection.SendAsync(
            new ApiRequest(HttpMethod.Post, "v1/blobs") { OpenBody = open, MediaType = mediaType, Key = NewKey() }, SkeinJson.Relaxed.BlobRef, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _connection.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string NewKey() => Guid.NewGuid().ToString("N");

    private static string Path(SessionId session) => $"v1/sessions/{session}";

    private static string Path(SessionId session, string rest) => $"v1/sessions/{session}/{rest}";

    private Task<T> GetAsync<T>(string path, SessionId? session, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        _connection.SendAsync(new ApiRequest(HttpMethod.Get, path, session), answer, cancellationToken);

    private Task<T> PostAsync<T>(string path, SessionId session, JsonTypeInfo<T> answer, string? key, CancellationToken cancellationToken) =>
        _connection.SendAsync(new ApiRequest(HttpMethod.Post, path, session) { Key = key ?? NewKey() }, answer, cancellationToken);

    private Task<T> PostAsync<TBody, T>(
        string path, SessionId? session, TBody body, JsonTypeInfo<TBody> shape, JsonTypeInfo<T> answer, string? key, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, session, body, shape, answer, key, cancellationToken);

    private Task<T> SendAsync<TBody, T>(
        HttpMethod method, string path, SessionId? session, TBody body, JsonTypeInfo<TBody> shape, JsonTypeInfo<T> answer, string? key,
        CancellationToken cancellationToken) =>
        _connection.SendAsync(
            new ApiRequest(method, path, session) { Body = JsonSerializer.SerializeToUtf8Bytes(body, shape), Key = key ?? NewKey() }, answer, cancellationToken);
}
