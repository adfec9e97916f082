using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>
/// Anthropic's Messages API. Its maker's package is not used: it is larger than all else together, and writes its JSON by reflection, which the
/// program compiled to native code has not.
/// </summary>
/// <param name="baseUrl">Without <c>/v1</c>.</param>
internal sealed class AnthropicModel(string model, Uri baseUrl, string apiKey, HttpClient http, ModelErrors errors) : ModelClient
{
    private const string Version = "2023-06-01";

    private readonly Uri _address = new(baseUrl.AbsoluteUri.TrimEnd('/') + "/v1/messages");

    protected override async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ReadOnlyMemoryContent(AnthropicRequest.From(model, messages, options)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("anthropic-version", Version);
        request.Headers.TryAddWithoutValidation("x-api-key", apiKey);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var answer = new AnthropicAnswer(errors);
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(cancellationToken)).EnumerateAsync(cancellationToken))
        {
            if (answer.Read(item.Data) is { } update)
                yield return update;
            if (answer.HasEnded)
                yield break;
        }

        throw errors.Broken("the stream ended before the answer did.");
    }

    protected override ModelException Explain(Exception exception) => errors.InStream(exception);
}
