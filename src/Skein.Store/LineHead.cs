using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Skein.Core;

namespace Skein.Store;

/// <summary>What a line of a log holds, as far as those care who look through whole logs.</summary>
internal enum LineKind
{
    /// <summary>Nothing.</summary>
    Other,

    /// <summary>It is not laid out as Skein writes lines: only reading all of it tells.</summary>
    Unknown,

    /// <summary>Text that was said, or is waiting to be.</summary>
    Said,
    MessageAdded,
    PartAdded,
    PartStreamed,
    PartDropped,
    TurnStarted,

    /// <summary>A model was paid.</summary>
    Paid,

    /// <summary>Something that hides messages, or brings them back.</summary>
    Hiding,
}

/// <summary>
/// Tells from the first bytes of a line what it is, in a few nanoseconds, where reading its JSON takes microseconds. It relies on the
/// layout that the codec writes, and says <see cref="LineKind.Unknown"/> to any other; it does not look at the seal.
/// </summary>
internal static class LineHead
{
    private const int AtLength = 24;
    private const int NearBy = 600;
    private const int IdLength = 30;

    private static ReadOnlySpan<byte> Seq => "{\"seq\":"u8;
    private static ReadOnlySpan<byte> At => ",\"at\":\""u8;
    private static ReadOnlySpan<byte> Type => "\",\"type\":\""u8;
    private static ReadOnlySpan<byte> By => "\",\"by\":"u8;
    private static ReadOnlySpan<byte> Data => "\"data\":{\"message\":\""u8;
    private static ReadOnlySpan<byte> Part => "\",\"part\":\""u8;
    private static ReadOnlySpan<byte> RoleName => "\",\"role\":\""u8;
    private static ReadOnlySpan<byte> Completed => "\",\"status\":\"completed\""u8;

    /// <param name="seq">The line's sequence, where the kind is known.</param>
    public static LineKind KindOf(ReadOnlySpan<byte> line, out long seq) =>
        TryFindType(line, out seq, out var type, out _) ? KindOf(type) : LineKind.Unknown;

    /// <summary>The Idempotency-Key of the request that caused the event; null where none did.</summary>
    /// <returns>False where the line is laid out in another way.</returns>
    public static bool TryReadKey(ReadOnlySpan<byte> line, out string? key)
    {
        key = null;
        if (!TryFindType(line, out _, out _, out var rest))
            return false;
        if (!rest.StartsWith(By))
            return true;

        try
        {
            var reader = new Utf8JsonReader(rest[By.Length..]);
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("key"u8) && reader.Read())
                    key = reader.GetString();
            }

            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The id of the message of a <c>message.added</c>.</summary>
    /// <returns>False where the line is laid out in another way.</returns>
    public static bool TryReadMessage(ReadOnlySpan<byte> line, out string? message)
    {
        message = TryFindData(line, out var id, out _) ? Encoding.ASCII.GetString(id) : null;
        return message is not null;
    }

    /// <summary>The message of a <c>message.added</c>.</summary>
    /// <returns>False where the line is laid out in another way.</returns>
    public static bool TryReadMessage(ReadOnlySpan<byte> line, out MessageId message, out Role role, out bool isWhole)
    {
        message = default;
        role = default;
        isWhole = false;
        if (!TryFindData(line, out var id, out var rest) || !rest.StartsWith(RoleName))
            return false;

        rest = rest[RoleName.Length..];
        var end = rest.IndexOf((byte)'"');
        if (end < 0 || RoleOf(rest[..end]) is not { } known)
            return false;

        role = known;
        isWhole = rest[end..].StartsWith(Completed);
        return MessageId.TryParse(Encoding.ASCII.GetString(id), out message);
    }

    /// <summary>The part of a <c>part.added</c>, <c>part.streamed</c> or <c>part.dropped</c>.</summary>
    /// <returns>False where the line is laid out in another way.</returns>
    public static bool TryReadPart(ReadOnlySpan<byte> line, out PartId part)
    {
        part = default;
        return TryFindData(line, out _, out var rest) && rest.StartsWith(Part) && rest.Length > Part.Length + IdLength
            && PartId.TryParse(Encoding.ASCII.GetString(rest.Slice(Part.Length, IdLength)), out part);
    }

    private static bool TryFindType(ReadOnlySpan<byte> line, out long seq, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> rest)
    {
        seq = 0;
        type = rest = default;
        if (!line.StartsWith(Seq) || !Utf8Parser.TryParse(line[Seq.Length..], out seq, out var digits))
            return false;

        var at = line[(Seq.Length + digits)..];
        if (at.Length < At.Length + AtLength + Type.Length || !at.StartsWith(At) || !at[(At.Length + AtLength)..].StartsWith(Type))
            return false;

        type = at[(At.Length + AtLength + Type.Length)..];
        var end = type.IndexOf((byte)'"');
        if (end < 0)
            return false;
        rest = type[end..];
        type = type[..end];
        return true;
    }

    // What stands before the data is short, and its strings cannot have an unescaped quote.
    private static bool TryFindData(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> message, out ReadOnlySpan<byte> rest)
    {
        message = rest = default;
        var at = line[..Math.Min(line.Length, NearBy)].IndexOf(Data);
        if (at < 0 || at + Data.Length + IdLength > line.Length)
            return false;

        message = line.Slice(at + Data.Length, IdLength);
        rest = line[(at + Data.Length + IdLength)..];
        return true;
    }

    private static LineKind KindOf(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("part.streamed"u8) ? LineKind.PartStreamed
        : type.SequenceEqual("part.added"u8) ? LineKind.PartAdded
        : type.SequenceEqual("message.added"u8) ? LineKind.MessageAdded
        : type.SequenceEqual("turn.started"u8) ? LineKind.TurnStarted
        : type.SequenceEqual("part.dropped"u8) ? LineKind.PartDropped
        : type.SequenceEqual("prompt.queued"u8) || type.SequenceEqual("prompt.steered"u8) ? LineKind.Said
        : type.SequenceEqual("message.edited"u8) || type.SequenceEqual("session.rewound"u8) || type.SequenceEqual("session.unrewound"u8) ? LineKind.Hiding
        : type.SequenceEqual("message.completed"u8) || type.SequenceEqual("model.called"u8) ? LineKind.Paid
        : LineKind.Other;

    private static Role? RoleOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("assistant"u8) ? Role.Assistant
        : name.SequenceEqual("user"u8) ? Role.User
        : name.SequenceEqual("system"u8) ? Role.System
        : name.SequenceEqual("tool"u8) ? Role.Tool
        : null;
}
