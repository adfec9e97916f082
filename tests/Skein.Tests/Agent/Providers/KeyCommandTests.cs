using Microsoft.Extensions.AI;
using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>Keys that a program of the user's tells.</summary>
public sealed class KeyCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ProviderKind.OpenAi, OpenAiApi.Chat, "/v1", "authorization", "Bearer key-1")]
    [InlineData(ProviderKind.OpenAi, OpenAiApi.Responses, "/v1", "authorization", "Bearer key-1")]
    [InlineData(ProviderKind.Anthropic, null, "", "x-api-key", "key-1")]
    [InlineData(ProviderKind.Ollama, null, "", "authorization", "Bearer key-1")]
    public async Task The_program_is_run_once_at_the_first_call_and_its_key_sent(ProviderKind kind, OpenAiApi? api, string path, string header, string value)
    {
        await using var server = await ModelServer.StartAsync(Cancellation);
        server.Otherwise = _ => new StreamedAnswer(new Said("Yes."));
        using var models = Catalog(kind, api, server.Address + path, Counting);

        Assert.Null(models.CheckModel("mine/any"));
        Assert.False(File.Exists(_folder.Below("runs")));
        await Task.WhenAll(AskAsync(models), AskAsync(models));
        await AskAsync(models);

        Assert.All(server.Requests, r => Assert.Equal(value, r.Headers[header]));
        Assert.DoesNotContain(server.Requests, r => r.Headers.Values.Contains("none"));
        Assert.Equal(3, server.Requests.Count);
        Assert.Equal("x", await File.ReadAllTextAsync(_folder.Below("runs"), Cancellation));
    }

    [Fact]
    public async Task A_key_that_is_refused_is_asked_for_anew_and_never_shown()
    {
        await using var server = await ModelServer.StartAsync(Cancellation);
        server.Enqueue(RefusedAnswer.OpenAi(401, "invalid_api_key", "Incorrect API key: key-1"), new StreamedAnswer(new Said("Yes.")));
        using var models = Catalog(ProviderKind.OpenAi, null, server.OpenAiAddress, Counting);

        var refused = await Assert.ThrowsAsync<ModelException>(() => AskAsync(models));
        await AskAsync(models);

        Assert.Equal("mine answered 401: Incorrect API key: ***. The key is what its key_command ('sh') told; one of 'skein auth set mine' goes before it.", refused.Message);
        Assert.Equal(["Bearer key-1", "Bearer key-2"], server.Requests.Select(r => r.Headers["authorization"]));
    }

    [Theory]
    [InlineData("of-variable", "stored", "The key is that of MINE in the environment, which goes before one of 'skein auth set mine'.")]
    [InlineData(null, "stored", "The key is the stored one: 'skein auth set mine' stores another.")]
    [InlineData(null, null, "No key of it is known: 'skein auth set mine' stores one.")]
    public async Task A_refusal_says_where_the_key_came_from_and_how_another_is_given(string? variable, string? stored, string origin)
    {
        await using var server = await ModelServer.StartAsync(Cancellation);
        server.Enqueue(RefusedAnswer.OpenAi(401, "invalid_api_key", "No."));
        var mine = new ProviderConfiguration("mine", ProviderKind.OpenAi, server.OpenAiAddress, stored, variable is null ? null : "MINE");
        using var models = new ModelCatalog([mine], name => name == "MINE" ? variable : null, new Dictionary<string, Script>(), TimeProvider.System);

        var refused = await Assert.ThrowsAsync<ModelException>(() => AskAsync(models));

        Assert.Equal($"mine answered 401: No. {origin}", refused.Message);
        Assert.Equal($"Bearer {variable ?? stored ?? "none"}", server.Requests[0].Headers["authorization"]);
    }

    [Fact]
    public async Task A_key_that_held_and_no_longer_does_ends_no_turn()
    {
        await using var server = await ModelServer.StartAsync(Cancellation);
        server.Enqueue(
            new StreamedAnswer(new Said("First.")), RefusedAnswer.OpenAi(401, "expired", "key-1 has expired."), new StreamedAnswer(new Said("Second.")),
            RefusedAnswer.OpenAi(401, "expired", "key-2 has expired."), RefusedAnswer.OpenAi(401, "unknown", "Nobody knows key-3."));
        using var models = Catalog(ProviderKind.OpenAi, null, server.OpenAiAddress, Counting);
        var agent = new SkeinAgent(models, new Toolbox([], Sample.Open), Sample.AtOnce, TimeProvider.System);

        var turns = new List<TurnRecord>();
        for (var n = 0; n < 3; n++)
            turns.Add(await TurnRecord.RunAsync(agent, new FakeTurn(Sample.Session("mine/any"), [Sample.User("Go.")])));

        Assert.Equal(["First.", "Second."], turns.Take(2).Select(t => t.Last.Text));
        Assert.Equal((FailureKind.Auth, 0L), turns[1].Events.OfType<ModelRetried>().Select(r => (r.Kind, r.DelayMs)).Single());
        Assert.StartsWith("mine answered 401: Nobody knows ***. The key is what its key_command", turns[2].Failure?.Message, StringComparison.Ordinal);
        Assert.EndsWith("(tried 2 times)", turns[2].Failure?.Message, StringComparison.Ordinal);
        Assert.Equal(["key-1", "key-1", "key-2", "key-2", "key-3"], server.Requests.Select(r => r.Headers["authorization"]["Bearer ".Length..]));
    }

    [Theory]
    [InlineData("echo secret-words; echo locked >&2; exit 3", "ended with code 3: locked")]
    [InlineData("true", "printed no key")]
    [InlineData("echo secret words", "printed no key")]
    [InlineData(null, "cannot be run")]
    public async Task A_program_that_tells_no_key_is_an_error_that_says_why_and_not_what_it_printed(string? script, string why)
    {
        await using var server = await ModelServer.StartAsync(Cancellation);
        using var models = Catalog(ProviderKind.OpenAi, null, server.OpenAiAddress, script is null ? ["/nowhere/keys"] : ["sh", "-c", script]);

        var failure = await Assert.ThrowsAsync<ModelException>(() => AskAsync(models));

        Assert.Equal(FailureKind.Auth, failure.Kind);
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_program_that_does_not_end_is_ended_and_said()
    {
        var clock = new ManualClock();
        using var models = new ModelCatalog([Mine(ProviderKind.OpenAi, null, "http://127.0.0.1:9/v1", ["sleep", "1000"])], _ => null, new Dictionary<string, Script>(), clock);

        var asked = AskAsync(models);
        await clock.WhenWaitedForExactlyAsync(TimeSpan.FromSeconds(60), Cancellation);
        clock.Advance(TimeSpan.FromSeconds(60));

        Assert.Contains("took longer than 60 seconds", (await Assert.ThrowsAsync<ModelException>(() => asked)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_a_variable_holds_a_key_the_program_is_not_run()
    {
        await using var server = await ModelServer.StartAsync(Cancellation);
        server.Enqueue(new StreamedAnswer(new Said("Yes.")));
        var mine = Mine(ProviderKind.OpenAi, null, server.OpenAiAddress, Counting) with { KeyVariable = "MINE" };
        using var models = new ModelCatalog([mine], name => name == "MINE" ? "of-variable" : null, new Dictionary<string, Script>(), TimeProvider.System);

        await AskAsync(models);

        Assert.Equal("Bearer of-variable", server.Requests[0].Headers["authorization"]);
        Assert.False(File.Exists(_folder.Below("runs")));
    }

    [Fact]
    public async Task OpenRouter_is_known_by_its_name()
    {
        await using var server = await ModelServer.StartAsync(Cancellation);
        server.Enqueue(new StreamedAnswer(new Said("Yes.")));
        using var without = new ModelCatalog([], _ => null, new Dictionary<string, Script>(), TimeProvider.System);
        using var models = new ModelCatalog(
            [], name => name switch { "OPENROUTER_API_KEY" => "key", "OPENROUTER_BASE_URL" => server.OpenAiAddress, _ => null }, new Dictionary<string, Script>(), TimeProvider.System);

        await models.Get("openrouter/google/gemini-3.6-flash").Client.GetResponseAsync([new(ChatRole.User, "Go.")], null, Cancellation);

        Assert.Contains("set OPENROUTER_API_KEY", without.CheckModel("openrouter/x"), StringComparison.Ordinal);
        Assert.Equal("https://openrouter.ai/api/v1", without.Providers.Single(p => p.Name == "openrouter").BaseUrl.AbsoluteUri);
        Assert.Equal(("google/gemini-3.6-flash", "Bearer key"), (server.Requests[0].Model, server.Requests[0].Headers["authorization"]));
        Assert.Equal(1048576, models.FactsOf("openrouter/google/gemini-3.6-flash").Context);
    }

    // Says a higher number every time.
    private string[] Counting => ["sh", "-c", $"printf x >> '{_folder.Below("runs")}'; echo key-$(wc -c < '{_folder.Below("runs")}' | tr -d ' ')"];

    private static Task<ChatResponse> AskAsync(ModelCatalog models) => models.Get("mine/any").Client.GetResponseAsync([new(ChatRole.User, "Go.")], null, Cancellation);

    private static ModelCatalog Catalog(ProviderKind kind, OpenAiApi? api, string address, IReadOnlyList<string> command) =>
        new([Mine(kind, api, address, command)], _ => null, new Dictionary<string, Script>(), TimeProvider.System);

    private static ProviderConfiguration Mine(ProviderKind kind, OpenAiApi? api, string address, IReadOnlyList<string> command) =>
        new("mine", kind, address) { Api = api, KeyCommand = command };
}
