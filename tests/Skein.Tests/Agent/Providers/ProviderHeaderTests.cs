using Microsoft.Extensions.AI;
using Skein.Agent.Providers;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>Headers that the settings add to a provider's own.</summary>
public sealed class ProviderHeaderTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ProviderKind.OpenAi, OpenAiApi.Chat, "/v1")]
    [InlineData(ProviderKind.OpenAi, OpenAiApi.Responses, "/v1")]
    [InlineData(ProviderKind.Anthropic, null, "")]
    [InlineData(ProviderKind.Ollama, null, "")]
    public async Task They_are_sent_with_every_call(ProviderKind kind, OpenAiApi? api, string path)
    {
        await using var server = await ModelServer.StartAsync(Cancellation);
        server.Enqueue(new StreamedAnswer(new Said("Yes.")));
        var mine = new ProviderConfiguration("mine", kind, server.Address + path) { Api = api, Headers = new Dictionary<string, string> { ["X-Team"] = "blue, not red" } };
        using var models = new ModelCatalog([mine], _ => null, new Dictionary<string, Script>(), TimeProvider.System);

        await models.Get("mine/any").Client.GetResponseAsync([new(ChatRole.User, "Go.")], null, Cancellation);

        Assert.Equal("blue, not red", Assert.Single(server.Requests).Headers["X-Team"]);
    }
}
