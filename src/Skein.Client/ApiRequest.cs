using System.Net.Http.Headers;
using Skein.Core;

namespace Skein.Client;

/// <summary>One call of the API: what is needed to send it, and to send it again.</summary>
/// <param name="Session">The session it is about, for the errors.</param>
internal sealed record ApiRequest(HttpMethod Method, string Path, SessionId? Session = null)
{
    private const int LargeBody = 1 << 20;

    public byte[]? Body { get; init; }

    /// <summary>Opens a body that may be larger than memory, anew for every attempt.</summary>
    public Func<Stream>? OpenBody { get; init; }

    /// <summary>Of the body that is opened.</summary>
    public string? MediaType { get; init; }

    /// <summary>The same for every attempt, so that the server carries it out once.</summary>
    public string? Key { get; init; }

    /// <summary>For a stream: the cursor it follows from.</summary>
    public long After { get; init; }

    public bool IsStream { get; init; }

    public HttpRequestMessage ToMessage(Uri address, string? token, string client)
    {
        var message = new HttpRequestMessage(Method, new Uri(address, Path));
        message.Headers.TryAddWithoutValidation("Skein-Client", client);
        if (token is not null)
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (Key is not null)
            message.Headers.TryAddWithoutValidation("Idempotency-Key", Key);
        if (IsStream)
            message.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        if (OpenBody is not null)
        {
            message.Content = new StreamContent(OpenBody());
            message.Content.Headers.TryAddWithoutValidation("Content-Type", MediaType);
        }

        if (Body is not null)
        {
            message.Content = new ByteArrayContent(Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

            // A server that refuses a body for its size hangs up while it is being sent, which looks like a lost connection: ask first.
            message.Headers.ExpectContinue = Body.Length > LargeBody;
        }

        return message;
    }
}
