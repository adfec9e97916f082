using Microsoft.Extensions.Logging.Abstractions;
using Skein.Client;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Server;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Server;

/// <summary>The whole of it but for a model: client, server, kernel and store in a temporary home. It can be stopped and started again.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly AgentKind[] _agents;
    private readonly TimeProvider _time;
    private EmbeddedStore _store = null!;
    private Sessions _sessions = null!;

    private ApiServer(TimeProvider time, AgentKind[] agents)
    {
        (_time, _agents) = (time, agents);
        Workspace = Directory.CreateDirectory(_folder.Below("work")).FullName;
    }

    public SkeinServer Server { get; private set; } = null!;
    public string Workspace { get; }
    public SkeinClient Client { get; private set; } = null!;

    /// <summary>For what the typed client hides.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>The session's log: nobody may have it open where it is changed.</summary>
    public string LogOf(SessionId session) => Path.Combine(_folder.Below("home"), SessionLog.NameOf(session));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<ApiServer> StartAsync(params AgentKind[] agents) => StartAsync(TimeProvider.System, agents);

    public static async Task<ApiServer> StartAsync(TimeProvider time, params AgentKind[] agents)
    {
        var server = new ApiServer(time, agents is [] ? [ScriptedAgent.Echo()] : agents);
        await server.OpenAsync();
        return server;
    }

    public async Task StopAsync()
    {
        await Server.DisposeAsync();
        await _sessions.DisposeAsync();
        await _store.DisposeAsync();
    }

    public async Task OpenAsync()
    {
        var home = _folder.Below("home");
        _store = await EmbeddedStore.OpenAsync(home, new EmbeddedStoreOptions(), _time, Cancellation);
        _sessions = new Sessions(
            _store, new AgentKinds(_agents), new SessionsOptions(_agents[0].Name, null, PermissionMode.Ask, "here"), _time, NullLogger.Instance);
        await _sessions.TakeOverAbandonedAsync(startsQueued: true, Cancellation);
        Server = await SkeinServer.StartAsync(_sessions, new SkeinServerOptions { Home = home, Version = "1" }, NullLoggerFactory.Instance, _time, Cancellation);
        Client ??= SkeinClient.ForSocket(Server.Info.Socket);
        Http ??= WireServer.OverSocket(Server.Info.Socket);
    }

    public async Task<SessionId> NewSessionAsync() => (await Client.CreateAsync(new NewSession(Workspace), Cancellation)).Session.Id;

    /// <summary>Prompts and waits for the turn to complete.</summary>
    public async Task<PromptAccepted> TurnAsync(SessionId session, string prompt)
    {
        var accepted = await Client.PromptAsync(session, new PromptRequest(prompt), Cancellation);
        await EventAsync<TurnCompleted>(session, accepted.Seq, done => done.Turn == accepted.Turn);
        return accepted;
    }

    /// <summary>The first event of a kind after a sequence; waits for it.</summary>
    public async Task<T> EventAsync<T>(SessionId session, long after = 0, Func<T, bool>? meant = null) where T : EventBody
    {
        await foreach (var frame in Client.FollowAsync(session, after, Cancellation))
        {
            if (frame is EventFrame { Event.Body: T body } && (meant is null || meant(body)))
                return body;
        }

        throw new InvalidOperationException("A feed does not end.");
    }

    /// <summary>The events so far, as the API tells them.</summary>
    public async Task<IReadOnlyList<SessionEvent>> LogAsync(SessionId session)
    {
        var last = (await Client.GetAsync(session, Cancellation)).Session.Seq;
        return await TakeAsync(Client.FollowAsync(session, 0, Cancellation), last);
    }

    /// <summary>The events of a feed up to a sequence.</summary>
    public static async Task<IReadOnlyList<SessionEvent>> TakeAsync(IAsyncEnumerable<FeedFrame> feed, long upTo)
    {
        List<SessionEvent> events = [];
        await foreach (var frame in feed)
        {
            if (frame is not EventFrame { Event: var e })
                continue;
            events.Add(e);
            if (e.Seq >= upTo)
                return events;
        }

        throw new InvalidOperationException("A feed does not end.");
    }

    public async Task<IReadOnlyList<string>> TextsAsync(SessionId session) =>
        [.. (await Client.ListMessagesAsync(session, null, 1000, Cancellation)).Items.Select(m => m.Text)];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Client.DisposeAsync();
        await StopAsync();
        _folder.Dispose();
    }
}
