using Microsoft.Extensions.Logging;

namespace Skein.Core.Running;

/// <summary>
/// What a server does by itself, in the background: applies the retention a minute after its start and every day, and gives space back
/// every day and a minute after sessions were purged. What it did, and what failed, stands in the log; a failure ends nothing.
/// </summary>
public sealed class Housekeeping : IAsyncDisposable
{
    private static readonly TimeSpan s_soon = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_daily = TimeSpan.FromDays(1);

    private readonly Sessions _sessions;
    private readonly RetentionRules _rules;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _working = new(1, 1);
    private readonly ITimer _retention;
    private readonly ITimer _collection;

    /// <param name="sessions">Stays the caller's to dispose, after this.</param>
    public Housekeeping(Sessions sessions, RetentionRules rules, TimeProvider time, ILogger logger)
    {
        (_sessions, _rules, _logger) = (sessions, rules, logger);
        _retention = time.CreateTimer(_ => _ = DoAsync(ApplyRetentionAsync), null, s_soon, s_daily);
        _collection = time.CreateTimer(_ => _ = DoAsync(CollectAsync), null, s_daily, s_daily);
        sessions.Purges.Done += CollectSoon;
    }

    /// <summary>Ends what is being done, at the next session or log.</summary>
    public async ValueTask DisposeAsync()
    {
        _sessions.Purges.Done -= CollectSoon;
        await _retention.DisposeAsync();
        await _collection.DisposeAsync();
        await _ending.CancelAsync();
        await _working.WaitAsync();
        _working.Dispose();
        _ending.Dispose();
    }

    // Several purges are followed by one collection.
    private void CollectSoon() => _collection.Change(s_soon, s_daily);

    private async Task ApplyRetentionAsync()
    {
        var (trashed, purged) = await _sessions.ApplyRetentionAsync(_rules, _ending.Token);
        if (trashed.Count + purged.Count > 0 && _logger.IsEnabled(LogLevel.Information))
            _logger.Retained(trashed.Count, purged.Count, string.Join(' ', trashed.Concat(purged)));
    }

    private async Task CollectAsync()
    {
        var collected = await _sessions.CollectAsync(_ending.Token);
        _logger.Collected(
            collected.Blobs.Files, collected.Origins.Files, collected.Leftovers.Files, collected.Compressed.Files,
            collected.Blobs.Bytes + collected.Origins.Bytes + collected.Leftovers.Bytes + collected.Compressed.Bytes);
        foreach (var problem in collected.Problems)
            _logger.NotCollected(problem);
    }

    private async Task DoAsync(Func<Task> work)
    {
        try
        {
            await _working.WaitAsync(_ending.Token);
            try
            {
                await work();
            }
            finally
            {
                _working.Release();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server ends; what is left is done after the next start.
        }
#pragma warning disable CA1031 // Nobody waits for this: what is not logged here is told to nobody.
        catch (Exception e)
        {
            _logger.HousekeepingFailed(e);
        }
#pragma warning restore CA1031
    }
}
