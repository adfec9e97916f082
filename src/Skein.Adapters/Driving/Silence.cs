namespace Skein.Adapters.Driving;

/// <summary>How long an agent may say nothing in its turn; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</summary>
/// <param name="InCall">While a call of a tool of its is open, which may be a long build that prints nothing.</param>
public sealed record SilenceLimits(TimeSpan Usual, TimeSpan InCall)
{
    public static SilenceLimits None { get; } = new(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>How often there is something to look at.</summary>
    internal TimeSpan Shortest => Usual == Timeout.InfiniteTimeSpan || (InCall < Usual && InCall != Timeout.InfiniteTimeSpan) ? InCall : Usual;
}

/// <summary>
/// How long an agent has said nothing in its turn. What it says costs a look at the clock: the timer is set anew only when it has run out.
/// For one caller at a time.
/// </summary>
internal sealed class Silence(SilenceLimits limits, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _ends = new();
    private long _since = time.GetTimestamp();
    private Task? _due;

    /// <summary>Completes when it is time to ask <see cref="IsTooLong"/>.</summary>
    public Task Due => _due ??= Task.Delay(limits.Shortest, time, _ends.Token);

    /// <summary>The agent has said something, or was told what it waited for.</summary>
    public void Break() => _since = time.GetTimestamp();

    /// <param name="limit">What it may be silent for as things stand; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
    public bool IsTooLong(TimeSpan limit)
    {
        // Looked at again as soon as the shortest limit asks for it: as things stand then, that may hold.
        var rest = limits.Shortest;
        if (limit != Timeout.InfiniteTimeSpan && limit - time.GetElapsedTime(_since) is var left && left < rest)
            rest = left;
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
