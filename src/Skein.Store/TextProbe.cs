using System.Text;
using System.Text.Unicode;

namespace Skein.Store;

/// <summary>Tells, while content passes by, whether it is text, and keeps its first and last few kilobytes for people.</summary>
internal sealed class TextProbe
{
    private const int Most = 4096;
    private const int LongestCharacter = 4;

    private readonly byte[] _head = new byte[Most];
    private readonly byte[] _tail = new byte[Most + LongestCharacter];
    private readonly byte[] _split = new byte[LongestCharacter];
    private int _headLength;
    private int _tailLength;
    private int _splitLength;
    private bool _isText = true;
    private long _size;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        _size += bytes.Length;
        var first = bytes[..Math.Min(bytes.Length, Most - _headLength)];
        first.CopyTo(_head.AsSpan(_headLength));
        _headLength += first.Length;
        KeepTail(bytes);
        _isText = _isText && IsText(bytes);
    }

    /// <summary>The first kilobytes and the last of what follows them; null where the content is no text, or nothing follows.</summary>
    public (string? Head, string? Tail) Finish()
    {
        if (!_isText || _splitLength > 0)
            return (null, null);

        var head = Whole(_head.AsSpan(0, _headLength));
        var follows = (int)Math.Min(_size - head.Length, Most);
        var tail = _tail.AsSpan(_tailLength - follows, follows);
        while (!tail.IsEmpty && IsInside(tail[0]))
            tail = tail[1..];
        return (Encoding.UTF8.GetString(head), tail.IsEmpty ? null : Encoding.UTF8.GetString(tail));
    }

    private void KeepTail(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= _tail.Length)
        {
            bytes[^_tail.Length..].CopyTo(_tail);
            _tailLength = _tail.Length;
            return;
        }

        var kept = Math.Min(_tailLength, _tail.Length - bytes.Length);
        _tail.AsSpan(_tailLength - kept, kept).CopyTo(_tail);
        bytes.CopyTo(_tail.AsSpan(kept));
        _tailLength = kept + bytes.Length;
    }

    // A character may be split between two chunks: what of it came waits for the rest.
    private bool IsText(ReadOnlySpan<byte> bytes)
    {
        while (_splitLength > 0 && !bytes.IsEmpty && IsInside(bytes[0]) && _splitLength < LongestCharacter)
        {
            _split[_splitLength++] = bytes[0];
            bytes = bytes[1..];
            if (Utf8.IsValid(_split.AsSpan(0, _splitLength)))
                _splitLength = 0;
        }

        if (bytes.IsEmpty)
            return true;
        if (_splitLength > 0)
            return false;

        var whole = Whole(bytes);
        bytes[whole.Length..].CopyTo(_split);
        _splitLength = bytes.Length - whole.Length;
        return !whole.Contains((byte)0) && Utf8.IsValid(whole);
    }

    /// <summary>Without a character at the end that is cut off.</summary>
    private static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back < LongestCharacter && back <= bytes.Length; back++)
        {
            var b = bytes[^back];
            if (IsInside(b))
                continue;

            var length = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
            return length > back ? bytes[..^back] : bytes;
        }

        return bytes;
    }

    private static bool IsInside(byte b) => (b & 0xC0) == 0x80;
}
