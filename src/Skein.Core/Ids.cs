using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skein.Core;

/// <summary>
/// A typed id: a prefix and 26 characters of lower-case Crockford base 32 (48 bits of milliseconds since 1970, 80 random bits),
/// for example <c>ses_01kah3q6x9v3m8zr5t0w2y4b6c</c>. Ids of one kind sort by the time they were made.
/// </summary>
/// <typeparam name="TSelf">The id itself.</typeparam>
public interface ITypedId<TSelf> where TSelf : struct, ITypedId<TSelf>
{
    static abstract string Prefix { get; }

    /// <summary>Wraps a text that is known to be well formed.</summary>
    internal static abstract TSelf FromChecked(string text);

    string Value { get; }

    /// <exception cref="MalformedIdException">The text is not such an id. No id is used as a path, a key or a name before it passed here.</exception>
    static abstract TSelf Parse(string text);

    static abstract bool TryParse([NotNullWhen(true)] string? text, out TSelf id);
}

/// <summary>Names one session. It is its 128 bits, of which the text is made when it is asked for: a store has very many of them in memory.</summary>
[JsonConverter(typeof(TypedIdConverter<SessionId>))]
public readonly record struct SessionId : ITypedId<SessionId>
{
    private readonly UInt128 _bits;

    private SessionId(UInt128 bits) => _bits = bits;

    public static string Prefix => "ses_";
    public string Value => IdText.Encode(Prefix, _bits);

    /// <summary>When the id was made, UTC, to the millisecond. The store derives the folder of the session from it.</summary>
    public DateTimeOffset Time => IdText.TimeOf(_bits);

    static SessionId ITypedId<SessionId>.FromChecked(string text) => TryParse(text.AsSpan(), out var id) ? id : throw new MalformedIdException(text, Prefix);
    public static SessionId Parse(string text) => TypedId.Parse<SessionId>(text);
    public static bool TryParse([NotNullWhen(true)] string? text, out SessionId id) => TryParse(text.AsSpan(), out id);

    internal static bool TryParse(ReadOnlySpan<char> text, out SessionId id)
    {
        var good = IdText.TryDecode(text, Prefix, out var bits);
        id = new(bits);
        return good;
    }

    /// <summary>Characters of the text.</summary>
    internal static int Length => Prefix.Length + IdText.Length;

    /// <summary>Writes the text to the beginning of what is given.</summary>
    internal void Format(Span<char> into) => IdText.Encode(Prefix, _bits, into[..Length]);

    /// <summary>In the order of their texts, which is that of their time.</summary>
    internal int CompareTo(SessionId other) => _bits.CompareTo(other._bits);

    public override string ToString() => Value;
}

/// <summary>Names one message, in every session that shares it.</summary>
[JsonConverter(typeof(TypedIdConverter<MessageId>))]
public readonly record struct MessageId : ITypedId<MessageId>
{
    private MessageId(string value) => Value = value;

    public static string Prefix => "msg_";
    public string Value { get; }
    static MessageId ITypedId<MessageId>.FromChecked(string text) => new(text);
    public static MessageId Parse(string text) => TypedId.Parse<MessageId>(text);
    public static bool TryParse([NotNullWhen(true)] string? text, out MessageId id) => TypedId.TryParse(text, out id);
    public override string ToString() => Value;
}

/// <summary>Names one part of a message.</summary>
[JsonConverter(typeof(TypedIdConverter<PartId>))]
public readonly record struct PartId : ITypedId<PartId>
{
    private PartId(string value) => Value = value;

    public static string Prefix => "prt_";
    public string Value { get; }
    static PartId ITypedId<PartId>.FromChecked(string text) => new(text);
    public static PartId Parse(string text) => TypedId.Parse<PartId>(text);
    public static bool TryParse([NotNullWhen(true)] string? text, out PartId id) => TypedId.TryParse(text, out id);
    public override string ToString() => Value;
}

/// <summary>Names one turn: a prompt and all that the agent did about it.</summary>
[JsonConverter(typeof(TypedIdConverter<TurnId>))]
public readonly record struct TurnId : ITypedId<TurnId>
{
    private TurnId(string value) => Value = value;

    public static string Prefix => "trn_";
    public string Value { get; }
    static TurnId ITypedId<TurnId>.FromChecked(string text) => new(text);
    public static TurnId Parse(string text) => TypedId.Parse<TurnId>(text);
    public static bool TryParse([NotNullWhen(true)] string? text, out TurnId id) => TypedId.TryParse(text, out id);
    public override string ToString() => Value;
}

/// <summary>Names one permission question.</summary>
[JsonConverter(typeof(TypedIdConverter<PermissionId>))]
public readonly record struct PermissionId : ITypedId<PermissionId>
{
    private PermissionId(string value) => Value = value;

    public static string Prefix => "prm_";
    public string Value { get; }
    static PermissionId ITypedId<PermissionId>.FromChecked(string text) => new(text);
    public static PermissionId Parse(string text) => TypedId.Parse<PermissionId>(text);
    public static bool TryParse([NotNullWhen(true)] string? text, out PermissionId id) => TypedId.TryParse(text, out id);
    public override string ToString() => Value;
}

/// <summary>Parsing of any typed id.</summary>
internal static class TypedId
{
    public static T Parse<T>(string text) where T : struct, ITypedId<T> =>
        TryParse<T>(text, out var id) ? id : throw new MalformedIdException(text, T.Prefix);

    public static bool TryParse<T>([NotNullWhen(true)] string? text, out T id) where T : struct, ITypedId<T>
    {
        var good = IdText.IsWellFormed(text, T.Prefix);
        id = good ? T.FromChecked(text!) : default;
        return good;
    }
}

/// <summary>An id is a JSON string; a malformed one is a <see cref="JsonException"/>, so that it never gets past the edge.</summary>
internal sealed class TypedIdConverter<T> : JsonConverter<T> where T : struct, ITypedId<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Convert(reader.GetString());

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Convert(reader.GetString());

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.Value);

    private static T Convert(string? text) =>
        T.TryParse(text, out var id) ? id : throw new JsonException(new MalformedIdException(text ?? "null", T.Prefix).Message);
}
