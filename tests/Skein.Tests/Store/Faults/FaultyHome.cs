using Skein.Core;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store.Faults;

/// <summary>A home whose disk meets one fault after another, and the model of what must be in it.</summary>
internal sealed class FaultyHome : IDisposable
{
    private const int MostSteps = 60;

    private static readonly string[] s_errors = ["No space left on device", "Input/output error", "Too many open files", "Permission denied", "Read-only file system"];

    // Small frames, so that a call may fail between two of one log.
    private static readonly PackingRules s_packing = new(TimeSpan.FromMinutes(10)) { Least = 0, FrameLength = 1024 };

    private readonly TempFolder _folder = new();
    private readonly PowerCut _cache = new();
    private readonly FaultyDisk _disk;
    private readonly ManualClock _clock = new();
    private readonly Random _random;
    private readonly StoreModel _model;
    private readonly RandomWorkload _workload;
    private readonly CancellationToken _cancellationToken;

    public FaultyHome(int seed, CancellationToken cancellationToken)
    {
        _random = new Random(seed);
        _disk = new FaultyDisk(_cache);
        _model = new StoreModel(_clock);
        _workload = new RandomWorkload(_random, _model, _clock, _disk, cancellationToken);
        _cancellationToken = cancellationToken;
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Works until the disk fails somewhere, goes on after it as its kind demands, and compares.</summary>
    public Task FaultAsync() => _random.Next(10) switch
    {
        < 4 => FailAsync(),
        < 6 => DieAsync(cutsPower: false),
        _ => DieAsync(cutsPower: true),
    };

    // The disk refuses some calls and works again, all of it while the store is open.
    private async Task FailAsync()
    {
        await using (var store = await OpenAsync())
        {
            FailSoon();
            for (var step = 0; step < MostSteps && !_disk.HasFailed; step++)
                await _workload.StepAsync();
            _disk.Heal();

            await _model.CheckAsync(store, isReopened: false, _cancellationToken);
            for (var step = 0; step < 5; step++)
                await _workload.StepAsync();
        }

        await CheckReopenedAsync();
    }

    private async Task DieAsync(bool cutsPower)
    {
        await using (await OpenAsync())
        {
            // What was undone just before must stay so.
            if (_random.Next(3) == 0)
                FailSoon();
            _disk.DieAfter(_random.Next(40), _random.Next(2) == 0 ? _random.Next(400) : 0);
            for (var step = 0; step < MostSteps && !_disk.IsDead; step++)
                await _workload.StepAsync();
            _disk.DieAfter(0);
        }

        _disk.Heal();
        if (cutsPower)
            _cache.Cut(_random);
        if (_random.Next(4) == 0)
            await DieWhileOpeningAsync(cutsPower);
        await CheckReopenedAsync();
    }

    private void FailSoon() =>
        _disk.FailAfter(_random.Next(40), s_errors[_random.Next(s_errors.Length)], 1 + (_random.Next(3) == 0 ? _random.Next(5) : 0), _random.Next(400));

    // The process that was to mend it ends as well.
    private async Task DieWhileOpeningAsync(bool cutsPower)
    {
        _disk.DieAfter(_random.Next(12), _random.Next(100));
        try
        {
            await using var store = await OpenAsync();
            foreach (var session in _model.Sessions.Keys)
                await store.OpenWriterAsync(session, _cancellationToken);
        }
        catch (Exception e) when (e is HomeException or StoreStoppedException or DamagedException or SessionNotFoundException)
        {
            // What was unknown stays unknown.
        }

        _disk.Heal();
        if (cutsPower)
            _cache.Cut(_random);
    }

    private async Task CheckReopenedAsync()
    {
        await using var store = await OpenAsync();
        Assert.Empty(store.Damaged);
        await _model.CheckAsync(store, isReopened: true, _cancellationToken);
        await _workload.OpenAllAsync();
    }

    private async Task<EmbeddedStore> OpenAsync()
    {
        var store = await EmbeddedStore.OpenAsync(_folder.Below("home"), new EmbeddedStoreOptions(Packing: s_packing), _clock, _disk, _cancellationToken);
        _workload.Begin(store);
        return store;
    }
}
