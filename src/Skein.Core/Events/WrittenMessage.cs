using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Skein.Core.Events;

/// <summary>
/// Reads what most lines of a long log are, a message of text, in one pass over its bytes; the general way goes over them three times, and
/// one after another in what is escaped. Only lines as <see cref="EventCodec"/> writes them to a log; all others are left to the general way.
/// </summary>
internal static class WrittenMessage
{
    public static bool TryRead(ReadOnlySpan<byte> json, SessionId session, [NotNullWhen(true)] out SessionEvent? e)
    {
        e = null;
        var bytes = new WrittenBytes(json);
        if (!bytes.Skip("{\"seq\":"u8) || !bytes.TryNumber(out var seq)
            || !TryInstant(ref bytes, out var at)
            || !bytes.Skip(",\"type\":\"message.added\""u8)
            || !TryCause(ref bytes, out var by)
            || !bytes.Skip(",\"data\":{"u8) || !TryBody(ref bytes, out var body))
        {
            return false;
        }

        var more = bytes.Skip(",\"more\":true"u8);
        if (bytes.Skip(",\"crc\":\""u8) && (!bytes.TryString(out _, out var escapes) || escapes))
            return false;
        if (!bytes.Skip("}"u8) || !bytes.Rest.IsEmpty)
            return false;

        e = new SessionEvent(session, seq, at, body, by, more);
        return true;
    }

    private static bool TryInstant(ref WrittenBytes bytes, out DateTimeOffset at)
    {
        at = default;
        if (!bytes.Skip(",\"at\":"u8))
            return false;

        var quoted = bytes.Rest;
        if (!bytes.Skip("\""u8) || !bytes.TryString(out var text, out var escapes) || escapes)
            return false;
        var reader = new Utf8JsonReader(quoted[..(text.Length + 2)]);
        return reader.Read() && reader.TryGetDateTimeOffset(out at) && at.Offset == TimeSpan.Zero;
    }

    private static bool TryCause(ref WrittenBytes bytes, out Cause? by)
    {
        by = null;
        if (!bytes.Skip(",\"by\":{\"who\":\""u8))
            return true;
        if (!bytes.TryText(out var who))
            return false;

        string? key = null;
        if (bytes.Skip(",\"key\":\""u8) && !bytes.TryText(out key))
            return false;
        by = new Cause(who, key);
        return bytes.Skip("}"u8);
    }

    private static bool TryBody(ref WrittenBytes bytes, [NotNullWhen(true)] out MessageAdded? body)
    {
        body = null;
        if (!bytes.Skip("\"message\":\""u8) || !bytes.TryId(out MessageId message)
            || !TryRole(ref bytes, out var role) || !bytes.Skip(",\"status\":\"completed\",\"n\":"u8)
            || !bytes.TryNumber(out var n) || n > int.MaxValue
            || !bytes.Skip(",\"parts\":["u8) || !TryPart(ref bytes, out var first))
        {
            return false;
        }

        IReadOnlyList<MessagePart> parts = [first];
        if (bytes.Skip(","u8))
        {
            var all = new List<MessagePart> { first };
            do
            {
                if (!TryPart(ref bytes, out var next))
                    return false;
                all.Add(next);
            }
            while (bytes.Skip(","u8));
            parts = all;
        }

        TurnId turn = default;
        string? model = null;
        if (!bytes.Skip("]"u8)
            || (bytes.Skip(",\"turn\":\""u8) && !bytes.TryId(out turn))
            || (bytes.Skip(",\"model\":\""u8) && !bytes.TryText(out model))
            || !bytes.Skip("}"u8))
        {
            return false;
        }

        body = new MessageAdded(message, role, MessageStatus.Completed, (int)n, parts, turn == default ? null : turn, model);
        return true;
    }

    private static bool TryRole(ref WrittenBytes bytes, out Role role)
    {
        (var known, role) = bytes.Skip(",\"role\":\"user\""u8) ? (true, Role.User)
            : bytes.Skip(",\"role\":\"assistant\""u8) ? (true, Role.Assistant)
            : (false, default);
        return known;
    }

    private static bool TryPart(ref WrittenBytes bytes, [NotNullWhen(true)] out MessagePart? part)
    {
        part = null;
        if (!bytes.Skip("{\"id\":\""u8) || !bytes.TryId(out PartId id)
            || !bytes.Skip(",\"content\":{\"type\":\"text\",\"text\":\""u8) || !bytes.TryText(out var text)
            || !bytes.Skip("}}"u8))
        {
            return false;
        }

        part = new MessagePart(id, new TextPart(text));
        return true;
    }
}
