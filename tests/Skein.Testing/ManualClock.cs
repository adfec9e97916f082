namespace Skein.Testing;

/// <summary>A clock that stands still until it is told to go on. Timers fire within <see cref="Advance"/>, in the order they are due.</summary>
public sealed class ManualClock(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(TimeSpan Wait, bool Exactly, TaskCompletionSource Set)> _awaited = [];
    private DateTimeOffset _now = start ?? new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public void Advance(TimeSpan by)
    {
        var end = GetUtcNow() + by;
        while (Next(end) is { } timer)
            timer.Fire();
        lock (_lock)
            _now = end;
    }

    /// <summary>Completes as soon as somebody waits for at least this long.</summary>
    public Task WhenWaitedForAsync(TimeSpan atLeast, CancellationToken cancellationToken) => WhenWaitedForAsync(atLeast, exactly: false, cancellationToken);

    /// <summary>Completes as soon as somebody waits for just this long, from now.</summary>
    public Task WhenWaitedForExactlyAsync(TimeSpan wait, CancellationToken cancellationToken) => WhenWaitedForAsync(wait, exactly: true, cancellationToken);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private Task WhenWaitedForAsync(TimeSpan wait, bool exactly, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_timers.Any(t => exactly ? t.Due == _now + wait : t.Due >= _now + wait))
                return Task.CompletedTask;

            var set = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((wait, exactly, set));
            return set.Task.WaitAsync(cancellationToken);
        }
    }

    private ManualTimer? Next(DateTimeOffset end)
    {
        lock (_lock)
        {
            var timer = _timers.Where(t => t.Due <= end).MinBy(t => t.Due);
            if (timer is null)
                return null;

            _now = timer.Due > _now ? timer.Due : _now;
            timer.Due += timer.Period;
            if (timer.Period <= TimeSpan.Zero)
                _timers.Remove(timer);
            return timer;
        }
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset Due { get; set; }
        public TimeSpan Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;

                Due = clock._now + dueTime;
                Period = period;
                clock._timers.Add(this);
                foreach (var (_, _, set) in clock._awaited.FindAll(a => a.Exactly ? dueTime == a.Wait : dueTime >= a.Wait))
                    set.TrySetResult();
                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
