using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Skein.Core.Events;

namespace Skein.Agent.Providers;

/// <summary>What a provider's refusal means: its kind, whether trying again may help, and one line that says so without secrets.</summary>
/// <param name="key">The key as it is known by then; null: none is.</param>
/// <param name="keyOrigin">Where it came from, and how another is given.</param>
internal sealed class ModelErrors(string provider, Func<string?> key, string keyOrigin)
{
    private const int LongestMessage = 400;

    // Every provider has its own words for it; some say it with a 500.
    private static readonly string[] s_overflow =
    [
        "context_length_exceeded", "context length", "context window", "context size", "maximum context", "prompt is too long",
        "input is too long", "too many tokens", "exceed_context", "request_too_large", "reduce the length",
    ];

    private static readonly string[] s_exhausted = ["insufficient_quota", "billing", "credit balance", "spend_limit", "spend limit"];

    public ModelException FromStatus(HttpStatusCode status, HttpResponseHeaders headers, string body, DateTimeOffset now)
    {
        var (type, message) = Read(body);
        var said = $"{type} {message}";
        var kind = KindOf(status, said);
        var text = $"{provider} answered {(int)status}{(message.Length == 0 ? $" {status}" : $": {message}")}";
        var line = Line(text);
        if (status == HttpStatusCode.Unauthorized)
            line = $"{line}{(line.EndsWith('.') ? "" : ".")} {keyOrigin}";
        return new ModelException(kind, line)
        {
            Transient = IsTransient(status, kind, said, headers),
            RetryAfter = RetryAfter(headers, now),
        };
    }

    /// <summary>An error that came in the stream, after the provider had answered 200.</summary>
    public ModelException FromStream(JsonElement error)
    {
        var (type, message) = Read(error);
        var status = type switch
        {
            "overloaded_error" => (HttpStatusCode)529,
            "rate_limit_error" or "rate_limit_exceeded" => HttpStatusCode.TooManyRequests,
            "authentication_error" or "permission_error" => HttpStatusCode.Unauthorized,
            "invalid_request_error" or "not_found_error" or "invalid_prompt" or "context_length_exceeded" => HttpStatusCode.BadRequest,
            "billing_error" or "insufficient_quota" => HttpStatusCode.PaymentRequired,
            _ => int.TryParse(type, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 400 and < 600
                ? (HttpStatusCode)code
                : HttpStatusCode.InternalServerError,
        };
        var kind = KindOf(status, $"{type} {message}");
        return new ModelException(kind, Line($"{provider} broke off: {(message.Length == 0 ? type : message)}"))
        {
            Transient = IsTransient(status, kind, $"{type} {message}", headers: null),
        };
    }

    public ModelException Unreachable(Uri? address, HttpRequestException e)
    {
        var where = address is null ? "" : $" at {address.GetLeftPart(UriPartial.Authority)}";
        // Nothing listens, no such name, no common cipher: the next seconds will not change it, and a person waits.
        var lasting = e.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
            || e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };
        return new ModelException(FailureKind.Network, Line($"{provider}{where} cannot be reached: {e.Message}"), e) { Transient = !lasting };
    }

    /// <summary>What was thrown while JSON streamed in.</summary>
    public ModelException InStream(Exception exception) => exception switch
    {
        HttpRequestException or IOException => Broken(exception.Message, exception),
        JsonException => Garbage("what it streams is not JSON", exception),
        _ => Garbage(exception.Message, exception),
    };

    public ModelException Broken(string why, Exception? inner = null) =>
        new(FailureKind.Network, Line($"The connection to {provider} broke: {why}"), inner) { Transient = true };

    public ModelException Silent(TimeSpan patience) =>
        new(FailureKind.Network, $"{provider} sent nothing for {patience.TotalSeconds:0} seconds.") { Transient = true };

    /// <summary>Not the stream that was promised; asking again would bring the same.</summary>
    public ModelException Garbage(string what, Exception? inner = null) =>
        new(FailureKind.Network, Line($"{provider} did not answer as its kind of provider does: {what}"), inner);

    /// <summary>What a body that is not a stream says is wrong; null when it says nothing.</summary>
    public static string? MessageOf(string body) => Read(body) is { Message.Length: > 0 } read ? read.Message : null;

    private static FailureKind KindOf(HttpStatusCode status, string said) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => FailureKind.Auth,
        HttpStatusCode.PaymentRequired or HttpStatusCode.TooManyRequests => FailureKind.Quota,
        HttpStatusCode.RequestEntityTooLarge => FailureKind.Overflow,
        _ when Says(said, s_overflow) => FailureKind.Overflow,
        HttpStatusCode.NotImplemented => FailureKind.BadRequest,
        HttpStatusCode.BadRequest when Says(said, s_exhausted) => FailureKind.Quota,
        HttpStatusCode.RequestTimeout => FailureKind.Overload,
        >= HttpStatusCode.InternalServerError => FailureKind.Overload,
        _ => FailureKind.BadRequest,
    };

    private static bool IsTransient(HttpStatusCode status, FailureKind kind, string said, HttpResponseHeaders? headers)
    {
        if (kind is not (FailureKind.Quota or FailureKind.Overload))
            return false;

        if (headers is not null && headers.TryGetValues("x-should-retry", out var advice) && advice.FirstOrDefault() is "false")
            return false;

        return kind == FailureKind.Overload || (status == HttpStatusCode.TooManyRequests && !Says(said, s_exhausted));
    }

    private static bool Says(string said, string[] words) => words.Any(w => said.Contains(w, StringComparison.OrdinalIgnoreCase));

    private static TimeSpan? RetryAfter(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (headers.TryGetValues("retry-after-ms", out var values) && Number(values) is { } milliseconds)
            return TimeSpan.FromMilliseconds(milliseconds);

        // Fractions of a second are not in the standard, but are sent.
        if (headers.TryGetValues("retry-after", out values) && Number(values) is { } seconds)
            return TimeSpan.FromSeconds(seconds);

        return headers.RetryAfter?.Date is { } date ? (date > now ? date - now : TimeSpan.Zero) : null;
    }

    private static double? Number(IEnumerable<string> values) =>
        double.TryParse(values.FirstOrDefault(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value < 1e9
            ? value
            : null;

    private static (string Type, string Message) Read(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(document.RootElement);
        }
        catch (JsonException)
        {
            // A proxy's page, not the provider's words: people get the status alone.
            return ("", body.TrimStart().StartsWith('<') ? "" : body);
        }
    }

    // {"error":{"type","code","message"}}, {"error":"…"}, {"message":"…"}, {"detail":"…"} and the inner object alone are all in use.
    private static (string Type, string Message) Read(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array && element.GetArrayLength() > 0)
            element = element[0];
        if (element.ValueKind == JsonValueKind.String)
            return ("", element.GetString()!);
        if (element.ValueKind != JsonValueKind.Object)
            return ("", "");
        if (element.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.Object or JsonValueKind.String)
            return Read(error);

        var code = Text(element, "code");
        var type = code.Length > 0 ? code : Text(element, "type");
        var message = Text(element, "message");
        return (type, message.Length > 0 ? message : Text(element, "detail"));
    }

    private static string Text(JsonElement element, string name) =>
        !element.TryGetProperty(name, out var value) ? ""
        : value.ValueKind == JsonValueKind.String ? value.GetString()!
        : value.ValueKind == JsonValueKind.Number ? value.GetRawText()
        : "";

    // One line: providers echo the key, terminals obey control characters, and nobody reads a page.
    private string Line(string text)
    {
        if (key() is { Length: > 0 } secret)
            text = text.Replace(secret, "***", StringComparison.Ordinal);

        var line = string.Join(' ', text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        line = string.Concat(line.Where(c => !char.IsControl(c)));
        return line.Length <= LongestMessage ? line : line[..LongestMessage] + "…";
    }
}
