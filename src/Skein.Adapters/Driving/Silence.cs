namespace Skein.Adapters.Driving;

/// <summary>
/// How long an agent has said nothing in its turn. What it says costs a look at the clock: the timer is set anew only when it has run out.
/// For one caller at a time.
/// </summary>
/// <param name="limit"><see cref="Timeout.InfiniteTimeSpan"/>: it may be silent for ever.</param>
internal sealed class Silence(TimeSpan limit, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _ends = new();
    private long _since = time.GetTimestamp();
    private Task? _due;

    /// <summary>Completes when it is time to ask <see cref="IsTooLong"/>.</summary>
    public Task Due => _due ??= Task.Delay(limit, time, _ends.Token);

    /// <summary>The agent has said something, or was told what it waited for.</summary>
    public void Break() => _since = time.GetTimestamp();

    /// <param name="isMeant">It is not expected to say anything now.</param>
    public bool IsTooLong(bool isMeant)
    {
        var rest = isMeant ? limit : limit - time.GetElapsedTime(_since);
        if (rest <= TimeSpan.Zero)
            return true;
        _due = Task.Delay(rest, time, _ends.Token);
        return false;
    }

    public void Dispose()
    {
        _ends.Cancel();
        _ends.Dispose();
    }
}
