using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Skein.Core.Events;

/// <summary>
/// JSON that is read as it was written: name by name, in the writer's order and without spaces. Whatever else stands there is answered with
/// false, and whoever asked reads it by the general way, which also says what is wrong with it.
/// </summary>
internal ref struct WrittenBytes(ReadOnlySpan<byte> json)
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // What ends a string, begins an escape, or has no place in one.
    private static readonly SearchValues<byte> s_ends = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (byte)c), (byte)'"', (byte)'\\']);

    private ReadOnlySpan<byte> _rest = json;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public bool Skip(ReadOnlySpan<byte> expected)
    {
        if (!_rest.StartsWith(expected))
            return false;
        _rest = _rest[expected.Length..];
        return true;
    }

    public bool TryNumber(out long number)
    {
        // A sign, or a zero in front, is not how numbers are written.
        if (_rest.IsEmpty || _rest[0] is < (byte)'1' or > (byte)'9' || !Utf8Parser.TryParse(_rest, out number, out var length))
        {
            number = 0;
            return false;
        }

        _rest = _rest[length..];
        return true;
    }

    /// <summary>The bytes of a string, from behind its first quote; the last is passed.</summary>
    /// <param name="escapes">Whether there are any in it.</param>
    public bool TryString(out ReadOnlySpan<byte> bytes, out bool escapes)
    {
        escapes = false;
        bytes = default;
        var length = 0;
        while (_rest[length..].IndexOfAny(s_ends) is var found and >= 0)
        {
            length += found;
            if (_rest[length] == (byte)'"')
            {
                bytes = _rest[..length];
                _rest = _rest[(length + 1)..];
                return true;
            }

            if (_rest[length] != (byte)'\\' || length + 2 > _rest.Length)
                return false;
            escapes = true;
            length += 2;
        }

        return false;
    }

    /// <summary>The text of a string, from behind its first quote.</summary>
    public bool TryText([NotNullWhen(true)] out string? text)
    {
        text = null;
        return TryString(out var bytes, out var escapes) && (escapes ? TryUnescape(bytes, out text) : TryDecode(bytes, out text));
    }

    public bool TryId<T>(out T id) where T : struct, ITypedId<T>
    {
        id = default;
        return TryText(out var text) && T.TryParse(text, out id);
    }

    private static bool TryUnescape(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text)
    {
        text = null;
        var plain = ArrayPool<byte>.Shared.Rent(bytes.Length);
        try
        {
            var length = 0;
            while (bytes.IndexOf((byte)'\\') is var at and >= 0)
            {
                bytes[..at].CopyTo(plain.AsSpan(length));
                length += at;
                if (Escaped(bytes[at + 1]) is not { } character)
                    return false;
                plain[length++] = character;
                bytes = bytes[(at + 2)..];
            }

            bytes.CopyTo(plain.AsSpan(length));
            return TryDecode(plain.AsSpan(0, length + bytes.Length), out text);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plain);
        }
    }

    /// <returns>Null for what is written in digits, and for what is none.</returns>
    private static byte? Escaped(byte character) => character switch
    {
        (byte)'"' or (byte)'\\' or (byte)'/' => character,
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        _ => null,
    };

    private static bool TryDecode(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = s_utf8.GetString(utf8);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = null;
            return false;
        }
    }
}
