using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>
/// Ollama's own <c>/api/chat</c>. Its OpenAI endpoint has no way to say how much of a conversation the server is to hold, and by default that
/// is less than an agent's first prompt. No package of it is served that would do more than this.
/// </summary>
internal sealed class OllamaModel(string model, Uri baseUrl, string? apiKey, int? context, HttpClient http, ModelErrors errors) : ModelClient
{
    /// <summary>Tokens that it is asked to hold where the settings say nothing: enough for work, and for the memory of most machines.</summary>
    public const int UsualContext = 32_768;

    private readonly Uri _address = new(baseUrl.AbsoluteUri.TrimEnd('/') + "/api/chat");

    protected override async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ReadOnlyMemoryContent(OllamaRequest.From(model, messages, options, context)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (apiKey is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        var answer = new OllamaAnswer(errors);
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            foreach (var update in line.Length == 0 ? [] : answer.Read(line))
                yield return update;
            if (answer.HasEnded)
                yield break;
        }

        throw errors.Broken("the stream ended before the answer did.");
    }

    protected override ModelException Explain(Exception exception) => errors.InStream(exception);
}
