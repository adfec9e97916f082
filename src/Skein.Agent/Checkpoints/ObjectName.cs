using System.Buffers.Binary;

namespace Skein.Agent.Checkpoints;

/// <summary>The name of an object of git: the SHA-1 of what it is.</summary>
internal readonly record struct ObjectName(ulong First, ulong Second, uint Last)
{
    public const int Bytes = 20;

    public static ObjectName Of(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]));

    /// <summary>Writes its bytes, as trees have them.</summary>
    public void CopyTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, First);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Second);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], Last);
    }

    public override string ToString() => $"{First:x16}{Second:x16}{Last:x8}";
}
