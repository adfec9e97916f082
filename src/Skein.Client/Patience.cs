namespace Skein.Client;

/// <summary>Waits a little longer each time, until the server has been away for too long.</summary>
internal sealed class Patience(SkeinClientOptions options)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    private long _since = options.Time.GetTimestamp();
    private TimeSpan _delay = s_first;

    /// <summary>The server answered: what was waited before does not count.</summary>
    public void Restart() => _since = options.Time.GetTimestamp();

    /// <summary>The connection is in use: the next loss is tried again at once.</summary>
    public void Reset()
    {
        Restart();
        _delay = s_first;
    }

    /// <returns>False, at once, when it was enough.</returns>
    public async ValueTask<bool> TryWaitAsync(CancellationToken cancellationToken)
    {
        if (options.Time.GetElapsedTime(_since) + _delay > options.Patience)
            return false;

        await Task.Delay(_delay, options.Time, cancellationToken).ConfigureAwait(false);
        _delay = _delay * 2 < s_longest ? _delay * 2 : s_longest;
        return true;
    }
}
