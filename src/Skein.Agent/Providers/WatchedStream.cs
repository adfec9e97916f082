namespace Skein.Agent.Providers;

/// <summary>
/// The body of a model's answer. A silence, a cut and a flood become a <see cref="ModelException"/>, so that no provider can hang a turn
/// or fill the memory.
/// </summary>
internal sealed class WatchedStream(Stream inner, ModelErrors errors, TimeProvider time) : ReadingStream
{
    // No answer of a model comes near it; a server gone wild does.
    private const long MostBytes = 256 << 20;

    // A model may think for minutes before the first byte. Once it talks, it talks, or its provider sends pings.
    private static readonly TimeSpan s_first = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(120);

    private readonly CancellationTokenSource _patience = new(Timeout.InfiniteTimeSpan, time);
    private long _bytes;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var patience = _bytes == 0 ? s_first : s_between;
        _patience.CancelAfter(patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _patience.Token);
        try
        {
            var read = await inner.ReadAsync(buffer, either.Token);
            _patience.CancelAfter(Timeout.InfiniteTimeSpan);
            if ((_bytes += read) > MostBytes)
                throw errors.Garbage($"more than {MostBytes >> 20} MiB in one answer");

            return read;
        }
        catch (OperationCanceledException) when (_patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw errors.Silent(patience);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw errors.Broken(e.Message, e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _patience.Dispose();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
