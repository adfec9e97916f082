using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skein.Agent.Providers.Records;

/// <summary>One call of a provider as it was: a line of a record.</summary>
/// <param name="Model"><c>provider/name</c>.</param>
/// <param name="Request">What was sent.</param>
/// <param name="Status">What was answered; 0: nothing, see <paramref name="Broken"/>.</param>
/// <param name="Headers">Those of the answer, without what names a person or holds a key.</param>
/// <param name="Body">What was answered.</param>
/// <param name="Cuts">Where the pieces ended in which it came, in bytes.</param>
/// <param name="Broken">Why there is no more of it, where it did not come to its end.</param>
internal sealed record RecordedExchange(
    string Model, ProviderKind Kind, OpenAiApi Api, string Url, RecordedBytes Request, int Status, IReadOnlyDictionary<string, string> Headers, RecordedBytes Body,
    IReadOnlyList<int> Cuts, string? Broken = null);

/// <summary>Bytes: as text where they are some, so that people can read a record.</summary>
/// <param name="Base64">Where they are no UTF-8.</param>
internal sealed record RecordedBytes(string? Text = null, string? Base64 = null)
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static RecordedBytes Of(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new RecordedBytes(s_strict.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return new RecordedBytes(Base64: Convert.ToBase64String(bytes));
        }
    }

    public byte[] ToArray() => Text is not null ? s_strict.GetBytes(Text) : Convert.FromBase64String(Base64 ?? "");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RecordedExchange))]
internal sealed partial class RecordJson : JsonSerializerContext
{
    /// <summary>Writes text as it is, for people.</summary>
    public static RecordJson Readable =>
        field ??= new RecordJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
