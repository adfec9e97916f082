using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>Which models there are.</summary>
public sealed class ModelCatalogTests
{
    [Theory]
    [InlineData("gpt", "'gpt' is not a model: write it as provider/name")]
    [InlineData("/x", "'/x' is not a model")]
    [InlineData("openai/", "'openai/' is not a model")]
    [InlineData("nobody/x", "There is no provider 'nobody' for the model 'nobody/x'. Providers: anthropic, openai, ollama, openrouter, mine, scripted.")]
    [InlineData("anthropic/x", "The model 'anthropic/x' cannot be used: there is no key for anthropic: set ANTHROPIC_API_KEY.")]
    [InlineData("openai/x", "set OPENAI_API_KEY.")]
    [InlineData("mine/x", "there is no key for mine: set MY_KEY.")]
    [InlineData("scripted/x", "There is no script 'x': it must be the absolute path of a file, or one of demo.")]
    [InlineData(null, "set ANTHROPIC_API_KEY or OPENAI_API_KEY, or name a model as provider/name (ollama/NAME needs no key), or configure a provider in skein.json.")]
    public void What_is_wrong_with_a_model_is_said(string? model, string problem)
    {
        using var models = Catalog([new("mine", ProviderKind.OpenAi, "https://example.org/v1", KeyVariable: "MY_KEY")]);

        Assert.Contains(problem, models.CheckModel(model));
    }

    [Theory]
    [InlineData("ollama/qwen3:8b")]
    [InlineData("openai/any")]
    [InlineData("mine/vendor/model")]
    [InlineData("scripted/demo")]
    [InlineData(null)]
    public void A_model_that_can_be_used_is_fine(string? model)
    {
        using var models = Catalog([new("mine", ProviderKind.OpenAi, "http://127.0.0.1:1234/v1")], ("OPENAI_API_KEY", "x"));

        Assert.Null(models.CheckModel(model));
    }

    [Theory]
    [InlineData("openai/gpt-5.5", "OPENAI_API_KEY")]
    [InlineData("anthropic/claude-sonnet-5-5", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")]
    [InlineData(null, "OLLAMA_HOST")]
    [InlineData(null, "OLLAMA_HOST", "ANTHROPIC_API_KEY ")]
    public void The_default_model_is_that_of_the_first_provider_with_a_key(string? model, params string[] variables)
    {
        using var models = Catalog([], [.. variables.Select(v => (v, "x"))]);

        Assert.Equal(model, models.DefaultModel);
    }

    [Fact]
    public async Task The_environment_wins_over_the_settings()
    {
        await using var server = await ModelServer.StartAsync(TestContext.Current.CancellationToken);
        server.Otherwise = _ => new StreamedAnswer(new Said("Hi."));
        using var models = Catalog(
            [new("openai", ProviderKind.OpenAi, "http://127.0.0.1:9/v1", "of the settings", DefaultModel: "mine")],
            ("OPENAI_BASE_URL", server.OpenAiAddress), ("OPENAI_API_KEY", "of the environment"));

        var agent = new Skein.Agent.SkeinAgent(models, new Toolbox([], Sample.Open), Sample.AtOnce, TimeProvider.System);
        await TurnRecord.RunAsync(agent, new FakeTurn(Sample.Session(null), [Sample.User("Go.")]));

        var request = Assert.Single(server.Requests);
        Assert.Equal(("Bearer of the environment", "mine"), (request.Headers["Authorization"], request.Body.GetProperty("model").GetString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/v1")]
    [InlineData("/v1/")]
    public async Task Anthropic_is_found_with_and_without_its_version(string path)
    {
        await using var server = await ModelServer.StartAsync(TestContext.Current.CancellationToken);
        server.Otherwise = _ => new StreamedAnswer(new Said("Hi."));
        using var models = Catalog([], ("ANTHROPIC_BASE_URL", server.Address + path));

        var agent = new Skein.Agent.SkeinAgent(models, new Toolbox([], Sample.Open), Sample.AtOnce, TimeProvider.System);
        var turn = await TurnRecord.RunAsync(agent, new FakeTurn(Sample.Session("anthropic/any"), [Sample.User("Go.")]));

        Assert.Equal("Hi.", turn.Last.Text);
    }

    [Theory]
    [InlineData(null, "http://127.0.0.1:11434/")]
    [InlineData("box", "http://box:11434/")]
    [InlineData("box:99", "http://box:99/")]
    [InlineData(":99", "http://127.0.0.1:99/")]
    [InlineData("0.0.0.0", "http://127.0.0.1:11434/")]
    [InlineData("0.0.0.0:99", "http://127.0.0.1:99/")]
    [InlineData("https://box.example/ollama/", "https://box.example/ollama")]
    public void Ollama_is_found_where_its_variable_says(string? host, string address)
    {
        var ollama = Provider.All([], name => name == "OLLAMA_HOST" ? host : null).Single(p => p.Name == "ollama");

        Assert.Equal(address, ollama.BaseUrl.AbsoluteUri);
    }

    [Theory]
    [InlineData("not an address")]
    [InlineData("ftp://example.org")]
    [InlineData("https://user:secret@example.org/v1")]
    public void An_address_that_is_none_is_refused_and_not_repeated(string address)
    {
        var e = Assert.Throws<InvalidRequestException>(() => Catalog([], ("OPENAI_BASE_URL", address)));

        Assert.Contains("The base URL of openai", e.Message);
        Assert.DoesNotContain("secret", e.Message);
    }

    [Fact]
    public void A_key_is_not_shown_where_a_provider_is_printed()
    {
        var provider = new ProviderConfiguration("mine", ProviderKind.OpenAi, ApiKey: "sk-secret");

        Assert.DoesNotContain("sk-secret", provider.ToString());
    }

    private static ModelCatalog Catalog(IReadOnlyList<ProviderConfiguration> configured, params (string Name, string Value)[] environment) =>
        new(configured, name => environment.Where(v => v.Name == name).Select(v => v.Value).FirstOrDefault(), new Dictionary<string, Script> { ["demo"] = new([]) }, TimeProvider.System);
}
