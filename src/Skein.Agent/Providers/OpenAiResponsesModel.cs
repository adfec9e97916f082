#pragma warning disable OPENAI001 // The package calls the client experimental. Only its plain call is used, which takes and gives bytes.
using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using OpenAI.Responses;

namespace Skein.Agent.Providers;

/// <summary>
/// OpenAI's Responses API, through its package. Nothing is stored with the provider: it is sent the whole conversation, and its own
/// thoughts as it sealed them.
/// </summary>
internal sealed class OpenAiResponsesModel : ModelClient
{
    private readonly ResponsesClient _client;
    private readonly string _model;
    private readonly ModelErrors _errors;

    // Organisations that are not verified are refused the summaries, and asking without them helps.
    private volatile bool _summaries = true;

    public OpenAiResponsesModel(string model, Uri baseUrl, string apiKey, HttpClient http, ModelErrors errors)
    {
        _model = model;
        _errors = errors;
        _client = new ResponsesClient(new ApiKeyCredential(apiKey), new ResponsesClientOptions
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
        using var response = await AskAsync(messages, options, cancellationToken);
        var answer = new OpenAiResponsesAnswer(_errors);
        await foreach (var item in SseParser.Create(response.ContentStream!).EnumerateAsync(cancellationToken))
        {
            // Not in the API, but in that of servers that speak both.
            if (item.Data is "[DONE]")
                break;

            foreach (var update in answer.Read(item.Data))
                yield return update;
            if (answer.HasEnded)
                yield break;
        }

        throw answer.TooEarly();
    }

    protected override ModelException Explain(Exception exception) => _errors.InStream(exception);

    private async Task<PipelineResponse> AskAsync(IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken)
    {
        var summaries = _summaries;
        try
        {
            return await SendAsync(OpenAiResponsesRequest.From(_model, messages, options, summaries), cancellationToken);
        }
        catch (Exception e) when (summaries && ModelException.In(e) is { Kind: Core.Events.FailureKind.BadRequest } refused && refused.Message.Contains("summar", StringComparison.OrdinalIgnoreCase))
        {
            _summaries = false;
            return await SendAsync(OpenAiResponsesRequest.From(_model, messages, options, summaries: false), cancellationToken);
        }
    }

    private async Task<PipelineResponse> SendAsync(BinaryData request, CancellationToken cancellationToken)
    {
        using var body = BinaryContent.Create(request);
        var result = await _client.CreateResponseAsync(body, new RequestOptions { BufferResponse = false, CancellationToken = cancellationToken });
        return result.GetRawResponse();
    }
}
