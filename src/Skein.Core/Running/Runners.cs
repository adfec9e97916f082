using System.Collections.Concurrent;
using System.Threading.Channels;
using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>The runners of the sessions in use: opened on demand, once for all who ask, and let go when idle.</summary>
internal sealed class Runners : IAsyncDisposable
{
    private static readonly TimeSpan s_idle = TimeSpan.FromMinutes(1);

    private readonly RunnerParts _parts;
    private readonly ConcurrentDictionary<SessionId, Lazy<Task<SessionRunner>>> _all = new();
    private readonly ITimer _sweep;

    public Runners(RunnerParts parts)
    {
        _parts = parts;
        _sweep = parts.Time.CreateTimer(_ => _ = SweepAsync(), null, s_idle, s_idle);
    }

    /// <summary>The sessions that have a runner now.</summary>
    public IEnumerable<SessionId> Sessions => _all.Keys;

    public bool Has(SessionId session) => _all.ContainsKey(session);

    /// <summary>Ends the session's runner and agent, if it has any; an open turn is interrupted.</summary>
    public Task LetGoAsync(SessionId session, Cause by) =>
        _all.TryGetValue(session, out var running) ? LetGoAsync(session, running, by, keepQuestions: false) : Task.CompletedTask;

    /// <summary>Lets all go; questions that can wait for a restart stay open.</summary>
    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync();
        await Task.WhenAll(_all.Select(r => LetGoAsync(r.Key, r.Value, new Cause("skein"), keepQuestions: true)));
    }

    /// <summary>Makes the runner of a session that has just been created.</summary>
    public async Task<Session> AdoptAsync(ISessionWriter writer, CancellationToken cancellationToken)
    {
        var runner = await SessionRunner.OpenNewAsync(_parts, writer, cancellationToken);
        var session = runner.Session;
        _all[writer.Session] = new Lazy<Task<SessionRunner>>(Task.FromResult(runner));
        return session;
    }

    /// <summary>Does a command on the session's runner, which is opened if there is none.</summary>
    public async Task<T> RunAsync<T>(SessionId session, Func<SessionRunner, Task<T>> command, CancellationToken cancellationToken)
    {
        while (true)
        {
            var running = Runner(session);
            var runner = await OpenedAsync(session, running, cancellationToken);
            if (runner.HasFailed)
            {
                await LetGoAsync(session, running, null, keepQuestions: false);
                continue;
            }

            try
            {
                return await runner.DoAsync(() => command(runner), cancellationToken);
            }
            catch (ChannelClosedException)
            {
                // Let go in between: once its writer is closed, a new one does the command.
                await runner.Gone.WaitAsync(cancellationToken);
                _all.TryRemove(KeyValuePair.Create(session, running));
            }
        }
    }

    /// <summary>
    /// Waits until the last snapshot of files that a turn which has ended is still being taken is in the log: what it shows is the turn's, and
    /// would else seem to be changed by somebody else. Returns at once where a turn runs.
    /// </summary>
    public async Task SettleAsync(SessionId session, CancellationToken cancellationToken)
    {
        var settled = await RunAsync(session, runner => Task.FromResult(runner.Settled), cancellationToken);
        await settled.WaitAsync(cancellationToken);
    }

    // A runner is opened once, for all who ask; nobody's token may cancel it for the others.
    private Lazy<Task<SessionRunner>> Runner(SessionId session) =>
        _all.GetOrAdd(session, id => new Lazy<Task<SessionRunner>>(() => SessionRunner.OpenAsync(_parts, id, CancellationToken.None)));

    private async Task<SessionRunner> OpenedAsync(SessionId session, Lazy<Task<SessionRunner>> running, CancellationToken cancellationToken)
    {
        try
        {
            return await running.Value.WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _all.TryRemove(KeyValuePair.Create(session, running));
            throw;
        }
    }

    private async Task LetGoAsync(SessionId session, Lazy<Task<SessionRunner>> running, Cause? by, bool keepQuestions)
    {
        try
        {
            await (await running.Value).ReleaseAsync(by, keepQuestions);
        }
        catch (SkeinException)
        {
            // It never opened; whoever asked for it has been told.
        }

        _all.TryRemove(KeyValuePair.Create(session, running));
    }

    private async Task SweepAsync()
    {
        foreach (var (session, running) in _all)
        {
            if (running is { IsValueCreated: true, Value.IsCompletedSuccessfully: true } && await (await running.Value).TryRetireAsync(s_idle))
                _all.TryRemove(KeyValuePair.Create(session, running));
        }
    }
}
