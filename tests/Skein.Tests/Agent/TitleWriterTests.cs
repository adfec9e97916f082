using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Testing;
using Skein.Tests.Agent.Providers;

namespace Skein.Tests.Agent;

public sealed class TitleWriterTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task A_model_that_the_settings_name_is_asked_once_and_what_it_took_is_told(string provider)
    {
        await using var wire = await Wire.StartAsync(provider, models: new Dictionary<string, ModelFacts>
        {
            ["small"] = new(Price: new Price(1_000_000, 10_000_000)),
        });
        wire.Server.Enqueue(new StreamedAnswer(new Thought("Hm."), new Said("\"The lost ", "geese.\"\n")) { Tokens = new AnswerTokens(2, 3) });

        var made = await MakeAsync(wire, new TitleSettings(Model: $"{provider}/small"));

        Assert.Equal(new MadeTitle("The lost geese", $"{provider}/small", new Usage(Input: 2, Output: 3), 32), made);
        var body = Assert.Single(wire.Server.Requests).Body.GetRawText();
        Assert.Contains("Where are they?", body, StringComparison.Ordinal);
        Assert.Contains("By the pond.", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_is_asked_where_titles_are_off_or_no_small_model_is_known_to_be_there()
    {
        await using var wire = await Wire.StartAsync("openai");

        Assert.Null(await MakeAsync(wire, new TitleSettings(Enabled: false, Model: "openai/small")));
        Assert.Null(await MakeAsync(wire, new TitleSettings()));
        Assert.Empty(wire.Server.Requests);
    }

    [Fact]
    public void The_small_model_of_a_provider_is_known_at_its_maker_s_address_alone()
    {
        using var makers = new ModelCatalog([], name => name == "OPENAI_API_KEY" ? "key" : null, new Dictionary<string, Script>(), TimeProvider.System);
        using var elsewhere = new ModelCatalog(
            [], name => name is "OPENAI_API_KEY" ? "key" : name is "OPENAI_BASE_URL" ? "http://127.0.0.1:1/v1" : null, new Dictionary<string, Script>(), TimeProvider.System);

        Assert.Equal("openai/gpt-5.4-mini", makers.SmallModelBeside("openai/gpt-5.5"));
        Assert.Equal("openai/gpt-5.4-mini", makers.SmallModelBeside(null));
        Assert.Null(elsewhere.SmallModelBeside("openai/gpt-5.5"));
        Assert.Null(makers.SmallModelBeside("anthropic/any"));
        Assert.Null(makers.SmallModelBeside("ollama/any"));
        Assert.Null(makers.SmallModelBeside("scripted/any"));
    }

    [Theory]
    [InlineData("The lost geese", "The lost geese")]
    [InlineData("\n\n  # Title: \"The lost geese\".\nMore words.", "The lost geese")]
    [InlineData("**The lost geese**", "The lost geese")]
    [InlineData("„Die verlorenen Gänse“", "Die verlorenen Gänse")]
    [InlineData("<think>What is it?</think>\nThe lost geese", "The lost geese")]
    [InlineData(".gitignore is ignored", ".gitignore is ignored")]
    [InlineData("'a' is not b", "'a' is not b")]
    [InlineData("Red \u001b[31mgeese", "Red  [31mgeese")]
    [InlineData(" \n\"\"\n", null)]
    [InlineData("", null)]
    public void A_title_is_the_first_line_that_says_something_bare(string said, string? title) => Assert.Equal(title, TitleWriter.TitleIn(said));

    [Fact]
    public void A_title_that_is_an_essay_is_cut() => Assert.Equal(new string('x', 79) + "…", TitleWriter.TitleIn(new string('x', 500)));

    private static ValueTask<MadeTitle?> MakeAsync(Wire wire, TitleSettings settings) =>
        new TitleWriter(wire.Models, (_, _) => ValueTask.FromResult(settings), wire.Time).MakeAsync(
            Sample.Session(wire.Model), [Sample.User("Where are they?"), Sample.Assistant(wire.Model, new TextPart("By the pond."))], Cancellation);
}
