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

    private static UInt128 Random()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes[(16 - RandomBytes)..]);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
