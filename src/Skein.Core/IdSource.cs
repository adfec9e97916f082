using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Skein.Core;

/// <summary>Makes ids that rise, also within one millisecond and when the wall clock is set back. Safe for use by many threads.</summary>
public sealed class IdSource(TimeProvider time)
{
    private const int RandomBytes = 10;
    private static readonly UInt128 s_randomEnd = UInt128.One << (RandomBytes * 8);

    private readonly Lock _lock = new();
    private long _milliseconds;
    private UInt128 _random;

    // Drawn for many at once: asking for ten bytes takes as long as for some hundred.
    private readonly byte[] _drawn = new byte[64 * RandomBytes];
    private int _used = 64 * RandomBytes;

    public T Next<T>() where T : struct, ITypedId<T>
    {
        lock (_lock)
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            if (now > _milliseconds)
            {
                _milliseconds = now;
                _random = Random();
            }
            else if (++_random == s_randomEnd)
            {
                _milliseconds++;
                _random = Random();
            }

            return T.FromChecked(IdText.Encode(T.Prefix, _milliseconds, _random));
        }
    }

    private UInt128 Random()
    {
        if (_used == _drawn.Length)
        {
            RandomNumberGenerator.Fill(_drawn);
            _used = 0;
        }

        Span<byte> bytes = stackalloc byte[16];
        _drawn.AsSpan(_used, RandomBytes).CopyTo(bytes[(16 - RandomBytes)..]);
        _used += RandomBytes;
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
