namespace Skein.Core.Running;

/// <summary>Sees to it that text which arrives becomes durable within about a second: the first piece arms the timer, the rest rides along.</summary>
internal sealed class Checkpoints : IAsyncDisposable
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);

    private readonly ITimer _timer;
    private volatile bool _due;

    /// <param name="take">Appends what has come; told not to throw.</param>
    public Checkpoints(TimeProvider time, Func<Task> take) =>
        _timer = time.CreateTimer(
            _ =>
            {
                // First, so that text which comes from here on arms the timer again.
                _due = false;
                _ = take();
            },
            null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Arm()
    {
        if (_due)
            return;
        _due = true;
        _timer.Change(s_every, Timeout.InfiniteTimeSpan);
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();
}
