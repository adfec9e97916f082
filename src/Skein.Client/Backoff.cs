namespace Skein.Client;

/// <summary>Waits before the next attempt, a little longer each time.</summary>
internal sealed class Backoff(TimeProvider time)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    /// <summary>How long the next wait takes.</summary>
    public TimeSpan Next { get; private set; } = s_first;

    /// <summary>It went well for a while: the next wait is short again.</summary>
    public void Reset() => Next = s_first;

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Next, time, cancellationToken).ConfigureAwait(false);
        Next = Next * 2 < s_longest ? Next * 2 : s_longest;
    }
}
