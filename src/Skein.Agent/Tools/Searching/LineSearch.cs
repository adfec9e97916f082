using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using Skein.Core.Search;

namespace Skein.Agent.Tools.Searching;

/// <summary>
/// Finds the lines of files that match. Bytes that every match must have are looked for first, and only lines that have them become text.
/// Safe for use by many threads.
/// </summary>
internal sealed class LineSearch
{
    /// <summary>For one line: a pattern that takes longer was not meant.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Bytes of a file in UTF-16, which is held in memory whole.</summary>
    private const long MostBytesOfUtf16 = 64 << 20;

    /// <summary>Bytes of a line, about, of which the rest is passed over: a file can be one line.</summary>
    private const int LongestLine = 16 << 20;
    private const int Block = 256 * 1024;

    private readonly string _pattern;
    private readonly RegexOptions _options;
    private readonly IReadOnlyList<ByteNeedle> _needles;
    private readonly int _most;

    // Threads that share one would wait for each other, or do without its memory.
    private readonly ConcurrentBag<Regex> _idle;

    /// <param name="pattern">As .NET has it, for one line.</param>
    /// <param name="most">Lines of a file after which it stops.</param>
    /// <exception cref="RegexParseException">It is none.</exception>
    public LineSearch(string pattern, bool ignoreCase, int most)
    {
        (_pattern, _most) = (pattern, most);
        _options = RegexOptions.CultureInvariant | (ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None);
        _idle = [Compile()];
        _needles = ByteNeedle.InEveryMatchOf(pattern, !ignoreCase);
    }

    /// <summary>In the order of the file; none where it is binary.</summary>
    /// <param name="shown">Its name for the model.</param>
    /// <param name="size">Its bytes.</param>
    /// <exception cref="ToolInputException">The pattern takes too long.</exception>
    /// <exception cref="IOException">It cannot be read, or is too large for its encoding.</exception>
    public IReadOnlyList<MatchingLine> In(SafeFileHandle file, string shown, long size, CancellationToken cancellationToken)
    {
        var regex = _idle.TryTake(out var idle) ? idle : Compile();
        var lines = new LineMatches(regex, _needles, _most, shown);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(size, Block - 1) + 1);
        try
        {
            var kept = 0;
            for (var at = 0L; !lines.IsFull;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var filled = Fill(file, buffer, kept, at, size);
                var bytes = buffer.AsSpan(0, filled);
                if (at == 0)
                {
                    if (TextFile.IsUtf16(bytes))
                        return size <= MostBytesOfUtf16 ? InUtf16(file, size, lines) : throw new IOException($"'{shown}' is UTF-16, and larger than {MostBytesOfUtf16} bytes.");
                    if (TextFile.IsBinary(bytes))
                        return [];
                    bytes = TextFile.WithoutMark(bytes);
                }

                at += filled - kept;
                if (filled < buffer.Length || at >= size)
                {
                    lines.Search(bytes, isEnd: true);
                    break;
                }

                var used = lines.Search(bytes, isEnd: false);
                if (used == 0 && filled >= LongestLine)
                    used = lines.SearchCut(bytes);
                kept = bytes.Length - used;
                buffer = Keep(bytes[used..], buffer);
            }

            return lines.Found;
        }
        finally
        {
            _idle.Add(regex);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private Regex Compile()
    {
        try
        {
            // It takes time in proportion to a line.
            return new Regex(_pattern, _options | RegexOptions.NonBacktracking, s_patience);
        }
        catch (NotSupportedException)
        {
            return new Regex(_pattern, _options, s_patience); // Looking around and back-references.
        }
    }

    // Also where the system gives little at a time; that there is no more need not be asked where as much as there should be was read.
    private static int Fill(SafeFileHandle file, byte[] buffer, int filled, long at, long size)
    {
        var kept = filled;
        while (filled < buffer.Length && RandomAccess.Read(file, buffer.AsSpan(filled), at + filled - kept) is var read and > 0)
        {
            filled += read;
            if (at + filled - kept == size)
                break;
        }

        return filled;
    }

    private static byte[] Keep(ReadOnlySpan<byte> rest, byte[] buffer)
    {
        if (rest.Length < buffer.Length)
        {
            rest.CopyTo(buffer);
            return buffer;
        }

        var larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
        rest.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private static IReadOnlyList<MatchingLine> InUtf16(SafeFileHandle file, long size, LineMatches lines)
    {
        var bytes = new byte[size];
        using var reader = new StreamReader(new MemoryStream(bytes, 0, Fill(file, bytes, 0, 0, size)), detectEncodingFromByteOrderMarks: true);
        lines.Search(Encoding.UTF8.GetBytes(reader.ReadToEnd()), isEnd: true);
        return lines.Found;
    }
}
