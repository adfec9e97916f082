namespace Skein.Tests.Agent.Tools;

/// <summary>A time whose one timer fires when the test says so.</summary>
internal sealed class FiredTime : TimeProvider
{
    private Action? _fire;

    public TimeSpan Due { get; private set; }

    public void Fire() => _fire!();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Due = dueTime;
        _fire = () => callback(state);
        return new Timer();
    }

    private sealed class Timer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;
        public void Dispose() { }
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
