using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Skein.Core.Search;

namespace Skein.Agent.Tools.Searching;

/// <param name="Number">1 is the first.</param>
/// <param name="Text">Its beginning.</param>
internal readonly record struct MatchingLine(int Number, string Text);

/// <summary>The lines of one file that match, as its bytes come. One user.</summary>
internal sealed class LineMatches(Regex pattern, IReadOnlyList<ByteNeedle> needles, int most, string file)
{
    private const int Shown = 400;

    private static readonly string[] s_asksAround = ["(?", @"\A", @"\z", @"\Z", @"\G"];

    private readonly List<MatchingLine> _found = [];
    private readonly bool _mindsEnds = !pattern.Options.HasFlag(RegexOptions.NonBacktracking) || MindsEnds(pattern.ToString());

    // Of lines that are over.
    private int _number;
    private bool _isCut;

    public IReadOnlyList<MatchingLine> Found => _found;

    public bool IsFull => _found.Count >= most;

    /// <param name="isEnd">There are no more: the last line needs no end.</param>
    /// <returns>How many bytes were looked at: as far as lines are whole.</returns>
    /// <exception cref="ToolInputException">The pattern takes too long.</exception>
    public int Search(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        var start = 0;
        if (_isCut)
        {
            start = bytes.IndexOf((byte)'\n') + 1;
            if (start == 0)
                return bytes.Length;
            (_isCut, _number) = (false, _number + 1);
        }

        var end = isEnd ? bytes.Length : bytes.LastIndexOf((byte)'\n') + 1;
        if (end <= start)
            return start;

        if (needles.Count == 0)
            SearchEach(bytes[start..end], isEnd);
        else
            SearchAround(bytes[start..end], isEnd);
        return end;
    }

    /// <summary>These are the beginning of a line that is too long: the rest of it does not count.</summary>
    public int SearchCut(ReadOnlySpan<byte> bytes)
    {
        Look(bytes, _number + 1);
        _isCut = true;
        return bytes.Length;
    }

    private void SearchAround(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        var (at, counted) = (0, 0);
        var needle = LastToCome(bytes);
        while (at < bytes.Length && !IsFull && needle?.IndexOf(bytes[at..]) is { } place and >= 0)
        {
            var start = at + bytes.Slice(at, place).LastIndexOf((byte)'\n') + 1;
            var length = bytes[(at + place)..].IndexOf((byte)'\n');
            var end = length < 0 ? bytes.Length : at + place + length;
            _number += bytes[counted..start].Count((byte)'\n');
            (counted, at) = (start, end + 1);
            Look(bytes[start..end], _number + 1);
        }

        // Nobody asks for the number of a line that does not come.
        if (!isEnd)
            _number += bytes[counted..].Count((byte)'\n');
    }

    /// <summary>The needle whose first place is the farthest: the rarest, as it seems. Null: one of them is nowhere.</summary>
    private ByteNeedle? LastToCome(ReadOnlySpan<byte> bytes)
    {
        if (needles is [var only])
            return only;

        var (last, farthest) = ((ByteNeedle?)null, -1);
        foreach (var needle in needles)
        {
            var place = needle.IndexOf(bytes);
            if (place < 0)
                return null;
            if (place > farthest)
                (last, farthest) = (needle, place);
        }

        return last;
    }

    private void SearchEach(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        var buffer = ArrayPool<char>.Shared.Rent(Encoding.UTF8.GetMaxCharCount(bytes.Length));
        try
        {
            var rest = buffer.AsSpan(0, Encoding.UTF8.GetChars(bytes, buffer));
            if (!MayHaveMatch(rest))
            {
                _number += isEnd ? 0 : rest.Count('\n');
                return;
            }

            while (!rest.IsEmpty && !IsFull)
            {
                var length = rest.IndexOf('\n');
                Look(length < 0 ? rest : rest[..length], ++_number);
                rest = length < 0 ? [] : rest[(length + 1)..];
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// All lines at once are faster than each: what matches in a line also does where it stands among others, unless the pattern asks
    /// where the text begins and ends, or what is around.
    /// </summary>
    private bool MayHaveMatch(ReadOnlySpan<char> text)
    {
        if (_mindsEnds)
            return true;

        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return true;
        }
    }

    private static bool MindsEnds(string pattern) =>
        pattern.AsSpan().ContainsAny('^', '$') || s_asksAround.Any(sign => pattern.Contains(sign, StringComparison.Ordinal));

    private void Look(ReadOnlySpan<byte> line, int number)
    {
        var buffer = ArrayPool<char>.Shared.Rent(Encoding.UTF8.GetMaxCharCount(line.Length));
        try
        {
            Look(buffer.AsSpan(0, Encoding.UTF8.GetChars(line, buffer)), number);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    private void Look(ReadOnlySpan<char> line, int number)
    {
        line = line is [.. var text, '\r'] ? text : line;
        try
        {
            if (pattern.IsMatch(line))
                _found.Add(new MatchingLine(number, ToolTexts.OneLine(line[..Math.Min(line.Length, Shown + 1)].ToString(), Shown)));
        }
        catch (RegexMatchTimeoutException)
        {
            throw new ToolInputException($"The pattern is too slow ('{file}', line {number}): avoid nested repetitions.");
        }
    }
}
