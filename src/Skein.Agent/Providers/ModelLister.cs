using System.Net.Http.Headers;
using System.Text.Json;
using Skein.Core.Events;

namespace Skein.Agent.Providers;

/// <summary>Asks a provider which models it has, in the words of its kind.</summary>
internal static class ModelLister
{
    private const int MostBytes = 4 << 20;

    public static async Task<IReadOnlyList<string>> ListAsync(
        Provider provider, KeyCommand? command, HttpMessageHandler connections, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new ModelErrors(provider.Name, () => command?.Known ?? provider.ApiKey, provider.KeyOrigin);
        using var late = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        var address = new Uri(provider.BaseUrl.AbsoluteUri.TrimEnd('/') + provider.Kind switch
        {
            ProviderKind.Ollama => "/api/tags",
            ProviderKind.Anthropic => "/v1/models?limit=1000",
            _ => "/models",
        });
        try
        {
            using var http = new HttpClient(connections, disposeHandler: false) { MaxResponseContentBufferSize = MostBytes, Timeout = Timeout.InfiniteTimeSpan };
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            if (provider.Kind == ProviderKind.Anthropic)
            {
                request.Headers.Add("anthropic-version", "2023-06-01");
                request.Headers.Add("x-api-key", provider.KeyToSend);
            }
            else if (provider.ApiKey is { } key)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            }

            if (command is not null)
                KeyCommand.Authorize(request, await command.GetAsync(either.Token), provider.Kind);
            foreach (var (name, value) in provider.Headers)
                request.Headers.TryAddWithoutValidation(name, value);
            using var response = await http.SendAsync(request, either.Token);
            var body = await response.Content.ReadAsStringAsync(either.Token);
            if (!response.IsSuccessStatusCode)
                throw errors.FromStatus(response.StatusCode, response.Headers, body, time.GetUtcNow());
            return Read(body, provider.Kind == ProviderKind.Ollama ? ("models", "name") : ("data", "id"), address, errors);
        }
        catch (HttpRequestException e)
        {
            throw errors.Unreachable(address, e);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ModelException(FailureKind.Network, $"{provider.Name} did not answer within {patience.TotalSeconds:0.#} s.");
        }
    }

    private static IReadOnlyList<string> Read(string body, (string List, string Name) words, Uri address, ModelErrors errors)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return [.. document.RootElement.GetProperty(words.List).EnumerateArray().Select(m => m.GetProperty(words.Name).GetString()!).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw errors.Garbage($"no list of models. Is {address} the right address?");
        }
    }
}
