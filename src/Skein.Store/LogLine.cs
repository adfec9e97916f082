using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Skein.Store;

/// <summary>
/// One line of a log: an event's JSON, whose last field is a CRC-32C of the bytes before it. The drawing is <c>docs/log-format.md</c>.
/// <code>
/// {"seq":7,"at":"…","type":"part.added","data":{…},"more":true,"crc":"9a3c04f1"}\n
/// └──────────────────── covered ───────────────────────────┘└────── seal ──────┘
/// </code>
/// </summary>
internal static class LogLine
{
    private const int DigitsLength = 8;

    /// <summary>Nobody comes so far, and every language has the number exactly.</summary>
    private const long LastSeq = (1L << 53) - 1;

    /// <summary>Bytes of the seal: <c>,"crc":"</c>, eight digits, <c>"}</c>.</summary>
    private const int SealLength = 18;

    private static ReadOnlySpan<byte> SealStart => ",\"crc\":\""u8;
    private static ReadOnlySpan<byte> SealEnd => "\"}"u8;
    private static ReadOnlySpan<byte> GoesOn => ",\"more\":true"u8;
    private static ReadOnlySpan<byte> SeqFirst => "{\"seq\":"u8;

    /// <summary>Writes a JSON object as a sealed line with its end.</summary>
    public static void Seal(ReadOnlySpan<byte> json, IBufferWriter<byte> into)
    {
        var covered = json[..^1];
        var line = into.GetSpan(covered.Length + SealLength + 1);
        covered.CopyTo(line);
        var seal = line[covered.Length..];
        SealStart.CopyTo(seal);
        Crc(covered).TryFormat(seal[SealStart.Length..], out _, "x8", CultureInfo.InvariantCulture);
        SealEnd.CopyTo(seal[(SealStart.Length + DigitsLength)..]);
        seal[SealLength] = (byte)'\n';
        into.Advance(covered.Length + SealLength + 1);
    }

    /// <summary>Whether the line is as it was written.</summary>
    /// <param name="line">Without its end.</param>
    public static bool IsSealed(ReadOnlySpan<byte> line)
    {
        if (line.Length < SealLength)
            return false;

        var seal = line[^SealLength..];
        Span<byte> digits = stackalloc byte[DigitsLength];
        return seal.StartsWith(SealStart) && seal.EndsWith(SealEnd)
            && Crc(line[..^SealLength]).TryFormat(digits, out _, "x8", CultureInfo.InvariantCulture)
            && digits.SequenceEqual(seal.Slice(SealStart.Length, DigitsLength));
    }

    /// <summary>Takes the sequence from a line that is as it was written.</summary>
    /// <param name="more">Whether its batch goes on with the next line.</param>
    public static bool TryOpen(ReadOnlySpan<byte> line, out long seq, out bool more)
    {
        seq = 0;
        more = false;
        if (!IsSealed(line))
            return false;

        more = line[..^SealLength].EndsWith(GoesOn);
        seq = SeqOf(line);
        return seq is > 0 and <= LastSeq;
    }

    /// <summary>The length of the sealed line with which the bytes begin; 0 when they begin with none.</summary>
    public static int SealedPrefix(ReadOnlySpan<byte> bytes)
    {
        var seal = bytes.LastIndexOf(SealStart);
        return seal >= 0 && seal + SealLength <= bytes.Length && IsSealed(bytes[..(seal + SealLength)]) ? seal + SealLength : 0;
    }

    private static long SeqOf(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith(SeqFirst) && Utf8Parser.TryParse(line[SeqFirst.Length..], out long seq, out _))
            return seq;

        try
        {
            var reader = new Utf8JsonReader(line);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var found = reader.ValueTextEquals("seq"u8);
                reader.Read();
                if (found)
                    return reader.TryGetInt64(out seq) ? seq : 0;
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Sealed, but no event: to its reader the same as damage.
        }

        return 0;
    }

    /// <summary>CRC-32C, as iSCSI and others have it.</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        foreach (var last in bytes[(bytes.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, last);
        return ~crc;
    }
}
