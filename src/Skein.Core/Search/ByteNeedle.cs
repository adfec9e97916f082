using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Skein.Core.Search;

/// <summary>
/// Finds a few bytes in many, ASCII letters of either case where asked to, as fast as memory is read: the two rarest of its bytes are
/// compared at 32 places at once, and only where both fit is the rest looked at. Safe for use by many threads.
/// </summary>
internal sealed class ByteNeedle
{
    private const byte CaseBit = 0x20;

    private static readonly byte[] s_ranks = Ranks();

    private readonly byte[] _bytes;

    // Which bit of each byte does not count.
    private readonly byte[] _folds;
    private readonly bool _exact;
    private readonly int _first;
    private readonly int _second;

    /// <param name="bytes">At least one.</param>
    public ByteNeedle(ReadOnlySpan<byte> bytes, bool matchCase)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bytes.Length);
        _bytes = bytes.ToArray();
        _folds = new byte[bytes.Length];
        for (var i = 0; i < bytes.Length && !matchCase; i++)
        {
            _folds[i] = char.IsAsciiLetter((char)bytes[i]) ? CaseBit : (byte)0;
            _bytes[i] |= _folds[i];
        }

        _exact = !_folds.AsSpan().ContainsAnyExcept((byte)0);
        _first = Rarest(except: -1);
        _second = _bytes.Length == 1 ? _first : Rarest(except: _first);
    }

    /// <summary>All that every match of a regular expression of .NET has, as far as its pattern shows it.</summary>
    public static IReadOnlyList<ByteNeedle> InEveryMatchOf(string pattern, bool matchCase) =>
        [.. RequiredText.Plain(pattern, matchCase).Select(plain => new ByteNeedle(plain, matchCase))];

    public bool IsIn(ReadOnlySpan<byte> bytes) => IndexOf(bytes) >= 0;

    /// <summary>Where the needle first stands; -1: nowhere.</summary>
    // The first search of a process may go through gigabytes: too much for code that is not compiled well yet.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int IndexOf(ReadOnlySpan<byte> bytes)
    {
        if (_exact)
            return bytes.IndexOf(_bytes);

        ref var start = ref MemoryMarshal.GetReference(bytes);
        var places = bytes.Length - _bytes.Length + 1;
        var at = 0;
        if (Vector256.IsHardwareAccelerated && places >= Vector256<byte>.Count)
        {
            var (first, second) = (Vector256.Create(_bytes[_first]), Vector256.Create(_bytes[_second]));
            var (firstFold, secondFold) = (Vector256.Create(_folds[_first]), Vector256.Create(_folds[_second]));
            for (; at <= places - Vector256<byte>.Count; at += Vector256<byte>.Count)
            {
                var fits = Vector256.Equals(Vector256.LoadUnsafe(ref start, (nuint)(at + _first)) | firstFold, first)
                    & Vector256.Equals(Vector256.LoadUnsafe(ref start, (nuint)(at + _second)) | secondFold, second);
                for (var bits = fits.ExtractMostSignificantBits(); bits != 0; bits &= bits - 1)
                {
                    var place = at + BitOperations.TrailingZeroCount(bits);
                    if (StandsAt(bytes, place))
                        return place;
                }
            }
        }
        else if (Vector128.IsHardwareAccelerated && places >= Vector128<byte>.Count)
        {
            var (first, second) = (Vector128.Create(_bytes[_first]), Vector128.Create(_bytes[_second]));
            var (firstFold, secondFold) = (Vector128.Create(_folds[_first]), Vector128.Create(_folds[_second]));
            for (; at <= places - Vector128<byte>.Count; at += Vector128<byte>.Count)
            {
                var fits = Vector128.Equals(Vector128.LoadUnsafe(ref start, (nuint)(at + _first)) | firstFold, first)
                    & Vector128.Equals(Vector128.LoadUnsafe(ref start, (nuint)(at + _second)) | secondFold, second);
                for (var bits = fits.ExtractMostSignificantBits(); bits != 0; bits &= bits - 1)
                {
                    var place = at + BitOperations.TrailingZeroCount(bits);
                    if (StandsAt(bytes, place))
                        return place;
                }
            }
        }

        for (; at < places; at++)
        {
            if ((bytes[at + _first] | _folds[_first]) == _bytes[_first] && StandsAt(bytes, at))
                return at;
        }

        return -1;
    }

    private bool StandsAt(ReadOnlySpan<byte> bytes, int at)
    {
        var there = bytes.Slice(at, _bytes.Length);
        for (var i = 0; i < there.Length; i++)
        {
            if ((there[i] | _folds[i]) != _bytes[i])
                return false;
        }

        return true;
    }

    private int Rarest(int except)
    {
        var best = -1;
        for (var i = 0; i < _bytes.Length; i++)
        {
            if (i != except && (best < 0 || s_ranks[_bytes[i]] < s_ranks[_bytes[best]]))
                best = i;
        }

        return best;
    }

    // How common a byte is in the log of a conversation about code, roughly; what is not named here is rare.
    private static byte[] Ranks()
    {
        const string fromRareToCommon = "^~`|@#$%&*+?!;<>[]{}()='\\jqxzJQXZKVWYUOHGFBMNLPDRCSIATE9876543210kvwybg/-_:fpmu\",.hdlcrsnioat e";
        var ranks = new byte[256];
        for (var i = 0; i < fromRareToCommon.Length; i++)
            ranks[fromRareToCommon[i]] = (byte)(i + 1);
        return ranks;
    }
}
