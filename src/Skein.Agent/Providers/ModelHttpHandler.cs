using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Skein.Agent.Providers;

/// <summary>
/// The one place where HTTP goes wrong, beneath the packages of all providers: refusals, connections that fail, answers that are no
/// stream. All of it leaves as a <see cref="ModelException"/>.
/// </summary>
/// <param name="key">What tells the key; null: the packages know it.</param>
internal sealed class ModelHttpHandler(ModelErrors errors, IReadOnlyDictionary<string, string> headers, KeyCommand? key, ProviderKind kind, TimeProvider time) : DelegatingHandler
{
    private const int MostErrorBytes = 64 << 10;

    // Local models read a long prompt for minutes before they answer at all.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var wasHeld = key?.IsHeld == true;
        var told = key is null ? null : await key.GetAsync(cancellationToken);
        if (told is not null)
            KeyCommand.Authorize(request, told, kind);
        var response = await AnswerAsync(request, cancellationToken);
        if (told is not null && response.StatusCode == HttpStatusCode.Unauthorized)
            key!.Refuse(told);
        var body = new WatchedStream(await response.Content.ReadAsStreamAsync(cancellationToken), errors, time);
        if (response.IsSuccessStatusCode && IsStream(response.Content.Headers.ContentType))
        {
            response.Content = Like(response.Content, body);
            return response;
        }

        using (response)
        await using (body)
        {
            var text = await ReadAsync(body, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                var refusal = errors.FromStatus(response.StatusCode, response.Headers, text, time.GetUtcNow());

                // Keys that programs tell may hold for an hour, and no turn should end with each.
                throw wasHeld && response.StatusCode == HttpStatusCode.Unauthorized
                    ? new ModelException(refusal.Kind, refusal.Message) { Transient = true, RetryAfter = TimeSpan.Zero }
                    : refusal;
            }

            throw errors.Garbage(ModelErrors.MessageOf(text) is { } said && !said.StartsWith('<')
                ? said
                : $"{response.Content.Headers.ContentType?.MediaType ?? "no type"} instead of a stream of events. Is {request.RequestUri} the right address?");
        }
    }

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(s_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return await base.SendAsync(request, either.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw errors.Silent(s_patience);
        }
        catch (HttpRequestException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw errors.Unreachable(request.RequestUri, e);
        }
    }

    // Some servers forget the type, or say text/plain; a page or a document is surely no stream.
    private static bool IsStream(MediaTypeHeaderValue? type) => type?.MediaType is not ("text/html" or "application/json");

    private static StreamContent Like(HttpContent original, Stream body)
    {
        var content = new StreamContent(body);
        foreach (var (name, values) in original.Headers)
            content.Headers.TryAddWithoutValidation(name, values);
        return content;
    }

    private static async Task<string> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var buffer = new byte[MostErrorBytes];
        var read = 0;
        try
        {
            read = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (ModelException)
        {
            // The status says enough; what came of the body is a bonus.
        }

        return Encoding.UTF8.GetString(buffer, 0, read);
    }
}
