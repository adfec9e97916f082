using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Skein.Agent.Providers;

/// <summary>
/// Chat Completions, which OpenAI and a hundred servers speak, through OpenAI's package. The package sends; the stream is read here,
/// because its typed reader throws at roles and finish reasons it does not know and hides the reasoning of compatible servers.
/// </summary>
internal sealed class OpenAiModel : ModelClient
{
    private readonly ChatClient _client;
    private readonly string _model;
    private readonly string _limitName;
    private readonly ModelErrors _errors;

    public OpenAiModel(string model, Uri baseUrl, string apiKey, HttpClient http, ModelErrors errors, string limitName)
    {
        _model = model;
        _limitName = limitName;
        _errors = errors;
        _client = new ChatClient(model, new ApiKeyCredential(apiKey), new OpenAIClientOptions
        {
            Endpoint = baseUrl,
            UserAgentApplicationId = "skein",
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        });
    }

    protected override async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var body = BinaryContent.Create(OpenAiRequest.From(_model, messages, options, _limitName));
        var result = await _client.CompleteChatAsync(body, new RequestOptions { BufferResponse = false, CancellationToken = cancellationToken });
        using var response = result.GetRawResponse();
        var answer = new OpenAiAnswer(_errors);
        await foreach (var item in SseParser.Create(response.ContentStream!).EnumerateAsync(cancellationToken))
        {
            if (item.Data is "[DONE]")
                break;

            foreach (var update in answer.Read(item.Data))
                yield return update;
        }

        foreach (var update in answer.End())
            yield return update;
    }

    protected override ModelException Explain(Exception exception) => _errors.InStream(exception);
}
