using Microsoft.Extensions.Logging.Abstractions;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Files;
using Skein.Core.Protocol;
using Skein.Core.Redaction;
using Skein.Core.Running;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>The kernel over a real store in a temporary folder; it can be stopped, killed and started again.</summary>
internal sealed class Kernel : IAsyncDisposable
{
    public static readonly Cause User = new("test");

    private static readonly PackingRules s_packing = new(TimeSpan.FromDays(30)) { Least = 0 };

    private readonly TempFolder _folder = new();
    private readonly AgentKind[] _agents;
    private readonly TimeProvider _time;
    private readonly Redactor? _redactor;

    private Kernel(TimeProvider time, AgentKind[] agents, Redactor? redactor = null) => (_time, _agents, _redactor) = (time, agents, redactor);

    public ISessionStore Store { get; private set; } = null!;

    /// <summary>What a folder is a part of; counts from the next start.</summary>
    public Func<string, CancellationToken, ValueTask<Project?>>? FindProject { get; set; }

    /// <summary>Snapshots of files; counts from the next start.</summary>
    public IFileCheckpoints? Files { get; set; }

    /// <summary>Working trees of forks; counts from the next start.</summary>
    public IWorktrees? Worktrees { get; set; }

    /// <summary>Agents beyond those it was started with; counts from the next start.</summary>
    public AgentFinder? FindAgent { get; set; }

    /// <summary>The disk under the store; tests make it fail.</summary>
    public FaultyDisk Disk { get; } = new();

    public Sessions Sessions { get; private set; } = null!;
    public string Workspace => _folder.Path;

    /// <summary>The store's folder.</summary>
    public string Home => Path.Combine(_folder.Path, "home");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<Kernel> StartAsync(params AgentKind[] agents) => StartAsync(TimeProvider.System, agents);

    public static Task<Kernel> StartAsync(TimeProvider time, params AgentKind[] agents) => StartAsync(new Kernel(time, agents));

    public static Task<Kernel> StartAsync(Redactor redactor, params AgentKind[] agents) => StartAsync(new Kernel(TimeProvider.System, agents, redactor));

    /// <summary>Stops cleanly and starts again.</summary>
    public async Task RestartAsync()
    {
        await Sessions.DisposeAsync();
        await Store.DisposeAsync();
        await OpenAsync();
    }

    /// <summary>Goes on with a copy of what is on the disk now, as after a power cut; the running kernel is left to itself until the end.</summary>
    public async Task<Kernel> CrashAsync()
    {
        var other = new Kernel(_time, _agents, _redactor);
        Copy(Home, other.Home);
        await other.OpenAsync();
        return other;
    }

    public async Task<SessionId> NewSessionAsync() => (await Sessions.CreateAsync(new NewSession(Workspace), User, Cancellation)).Session.Id;

    /// <summary>Prompts and waits for the turn to end.</summary>
    public async Task<TurnId> TurnAsync(SessionId session, string prompt)
    {
        var accepted = await Sessions.PromptAsync(session, new PromptRequest(prompt), User, Cancellation);
        await EventAsync(session, accepted.Seq, e => Ends(e.Body, accepted.Turn));
        return accepted.Turn;
    }

    /// <summary>The first event after a sequence that is meant; waits for it.</summary>
    public async Task<SessionEvent> EventAsync(SessionId session, long after, Func<SessionEvent, bool> meant)
    {
        await foreach (var frame in Sessions.FollowAsync(session, after, Cancellation))
        {
            if (frame is EventFrame { Event: var e } && meant(e))
                return e;
        }

        throw new InvalidOperationException("A feed does not end.");
    }

    public Task<SessionEvent> EventAsync<T>(SessionId session, long after = 0) where T : EventBody => EventAsync(session, after, e => e.Body is T);

    public async Task<IReadOnlyList<SessionEvent>> LogAsync(SessionId session) => await Store.ReadAsync(session, 0, Cancellation).ToListAsync(Cancellation);

    public async Task<Session> GetAsync(SessionId session) => (await Sessions.GetAsync(session, Cancellation)).Session;

    public async Task<IReadOnlyList<Message>> MessagesAsync(SessionId session) =>
        (await Sessions.ListMessagesAsync(session, null, 1000, Cancellation)).Items;

    public async Task<IReadOnlyList<string>> TextsAsync(SessionId session) => [.. (await MessagesAsync(session)).Select(m => m.Text)];

    public async ValueTask DisposeAsync()
    {
        await Sessions.DisposeAsync();
        await Store.DisposeAsync();
        _folder.Dispose();
    }

    private static bool Ends(EventBody body, TurnId turn) => body switch
    {
        TurnCompleted e => e.Turn == turn,
        TurnFailed e => e.Turn == turn,
        TurnInterrupted e => e.Turn == turn,
        _ => false,
    };

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.GetDirectories(from))
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        foreach (var file in Directory.GetFiles(from).Where(f => !f.EndsWith("store.lock", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private static async Task<Kernel> StartAsync(Kernel kernel)
    {
        await kernel.OpenAsync();
        return kernel;
    }

    private async Task OpenAsync()
    {
        Store = await EmbeddedStore.OpenAsync(Home, new EmbeddedStoreOptions(Packing: s_packing), _time, Disk, Cancellation);
        Sessions = new Sessions(
            Store, new AgentKinds(_agents, defined: FindAgent), new SessionsOptions(_agents[0].Name, null, PermissionMode.Ask, "here", _redactor, FindProject, Files: Files, Worktrees: Worktrees), _time, NullLogger.Instance);
        await Sessions.TakeOverAbandonedAsync(startsQueued: true, Cancellation);
    }
}
