using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Skein.Core;
using Skein.Core.Search;

namespace Skein.Store;

/// <summary>
/// Looks through the text of blobs, a window at a time, so that a large one takes no more memory than a small one. The windows overlap,
/// and begin and end at lines where lines are not too long: a match of more than 4,096 characters may be missed at their edges. A blob
/// that many messages have is read once. Safe for use by several threads.
/// </summary>
internal sealed class BlobScan(BlobFolder blobs, TextMatcher matcher)
{
    private const int Window = 256 * 1024;
    private const int Overlap = 16 * 1024;
    private const int Remembered = 10_000;

    private readonly ConcurrentDictionary<string, Snippet?> _known = new();

    /// <exception cref="DamagedException">The blob is missing or cannot be read.</exception>
    public Snippet? Find(BlobRef blob, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(blob.Sha256, out var known))
            return known;

        var found = Read(blob, cancellationToken);
        if (_known.Count < Remembered)
            _known[blob.Sha256] = found;
        return found;
    }

    private Snippet? Read(BlobRef blob, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Window);
        try
        {
            using var stream = blobs.Open(blob.Sha256) ?? throw new DamagedException($"Blob {blob.Sha256} is missing.");
            var filled = 0;
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = stream.ReadAtLeast(buffer.AsSpan(filled, Window - filled), Window - filled, throwOnEndOfStream: false);
                filled += read;
                var isLast = filled < Window;
                var end = isLast ? filled : EndOfWindow(buffer.AsSpan(0, filled));
                if (Find(buffer.AsSpan(0, end)) is { } found)
                    return found;
                if (isLast)
                    return null;

                var next = StartOfNext(buffer.AsSpan(0, end));
                buffer.AsSpan(next, filled - next).CopyTo(buffer);
                filled -= next;
            }
        }
        catch (IOException e)
        {
            throw new DamagedException($"Blob {blob.Sha256} cannot be read: {e.Message}", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private Snippet? Find(ReadOnlySpan<byte> window)
    {
        if (matcher.Needle is { } needle && !needle.IsIn(window))
            return null;

        var text = ArrayPool<char>.Shared.Rent(window.Length);
        try
        {
            return matcher.Find(text.AsSpan(0, Encoding.UTF8.GetChars(window, text)));
        }
        finally
        {
            ArrayPool<char>.Shared.Return(text);
        }
    }

    private static int EndOfWindow(ReadOnlySpan<byte> window) =>
        window[^Overlap..].LastIndexOf((byte)'\n') is var line and >= 0 ? window.Length - Overlap + line + 1 : CharacterBefore(window, window.Length - 1);

    private static int StartOfNext(ReadOnlySpan<byte> window)
    {
        var overlap = window[^Overlap..];
        return overlap.IndexOf((byte)'\n') is var line and >= 0 && line + 1 < overlap.Length
            ? window.Length - Overlap + line + 1
            : CharacterBefore(window, window.Length - Overlap);
    }

    /// <summary>Where the character begins that has the byte at this place.</summary>
    private static int CharacterBefore(ReadOnlySpan<byte> window, int at)
    {
        while (at > 0 && (window[at] & 0xC0) == 0x80)
            at--;
        return at;
    }
}
