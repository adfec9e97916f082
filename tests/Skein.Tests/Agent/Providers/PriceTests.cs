using System.Globalization;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>What calls cost, and what is known of models.</summary>
public sealed class PriceTests
{
    private static readonly Price s_price = new(3, 15, CacheRead: 0.3m, CacheWrite: 3.75m);

    [Theory]
    [InlineData(1, 0, 0, 0, 0, "0.000003")]
    [InlineData(0, 1, 0, 0, 0, "0.000015")]
    [InlineData(0, 0, 1, 0, 0, "0.000015")]
    [InlineData(0, 0, 0, 1, 0, "0.0000003")]
    [InlineData(0, 0, 0, 0, 1, "0.00000375")]
    [InlineData(1_000_003, 7, 11, 13, 17, "3.00034665")]
    [InlineData(-5, -5, -5, -5, -5, "0")]
    [InlineData(-5, 1, 0, 0, 0, "0.000015")]
    public void A_cost_is_exact_and_a_count_below_zero_counts_as_none(long input, long output, long reasoning, long read, long written, string cost) =>
        Assert.Equal(decimal.Parse(cost, CultureInfo.InvariantCulture), s_price.Of(new Usage(input, output, reasoning, read, written)));

    [Fact]
    public void The_largest_counts_there_are_cost_something_and_do_not_overflow() =>
        Assert.True(s_price.Of(new Usage(long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue)) > 0);

    [Theory]
    [InlineData(100, 100, "0.0002")]
    [InlineData(101, 100, "0.000402")]
    public void A_long_input_makes_the_whole_call_dearer(long input, long read, string cost)
    {
        var price = new Price(1, 0) { LongInput = new LongPrice(200, new Price(2, 0)) };

        Assert.Equal(decimal.Parse(cost, CultureInfo.InvariantCulture), price.Of(new Usage(input, 0, 0, read)));
    }

    [Theory]
    [InlineData("anthropic/claude-sonnet-5-5", 1_000_000, "2")]
    [InlineData("anthropic/claude-haiku-4-5-20251001", 200_000, "1")]
    [InlineData("openai/gpt-5.5-2026-04-23", 1_050_000, "5")]
    [InlineData("openrouter/google/gemini-3.6-flash", 1_048_576, "1.5")]
    [InlineData("ollama/gemma4:e4b", 131_072, "0")]
    [InlineData("ollama/whatever", null, "0")]
    [InlineData("scripted/demo", null, "0")]
    [InlineData("openai/nobody-knows", null, null)]
    [InlineData("nobody", null, null)]
    [InlineData("anthropic/claude-sonnet-5-5-20", null, null)]
    public void A_model_is_known_by_its_name_without_date_and_router(string model, int? context, string? input)
    {
        var facts = KnownModels.Find(model);

        Assert.Equal((context, input is null ? null : decimal.Parse(input, CultureInfo.InvariantCulture)), (facts.Context, facts.Price?.Input));
    }

    [Fact]
    public void The_table_says_when_and_where_from_and_every_row_makes_sense()
    {
        Assert.True(KnownModels.Date > new DateOnly(2026, 11, 1));
        Assert.All(KnownModels.Sources, source => Assert.StartsWith("https://", source, StringComparison.Ordinal));
        Assert.All(KnownModels.All, row =>
        {
            Assert.Matches(@"\A[a-z]+/[a-z0-9.:-]+\z", row.Key);
            Assert.True(row.Value.Price is { Input: >= 0, Output: >= 0 } price && (price.CacheRead ?? 0) <= price.Input && price.Output >= price.Input);
            Assert.True(row.Value.Output is null || row.Value.Output < row.Value.Context);
        });
    }

    [Theory]
    [InlineData("anthropic/" + Provider.AnthropicDefault)]
    [InlineData("openai/" + Provider.OpenAiDefault)]
    public void The_models_that_are_taken_by_default_and_for_small_work_are_known(string model)
    {
        var provider = model.Split('/')[0];

        Assert.NotNull(KnownModels.Find(model).Context);
        Assert.NotNull(KnownModels.Find($"{provider}/{KnownModels.SmallOf(provider)}").Price);
    }

    [Fact]
    public void Settings_say_more_of_a_model_than_the_table_and_less_leaves_the_table_s()
    {
        var settings = new ProviderConfiguration("openai", ProviderKind.OpenAi)
        {
            Models = new Dictionary<string, ModelFacts> { ["gpt-5.5"] = new(Price: new Price(1, 2)), ["mine"] = new(Context: 5) },
        };
        using var models = new ModelCatalog([settings], _ => null, new Dictionary<string, Script>(), TimeProvider.System);

        Assert.Equal((1_050_000, new Price(1, 2)), (models.FactsOf("openai/gpt-5.5").Context, models.FactsOf("openai/gpt-5.5").Price));
        Assert.Equal(new ModelFacts(Context: 5), models.FactsOf("openai/mine"));
        Assert.Equal(ModelFacts.Nothing, models.FactsOf("openai/other"));
    }

    [Theory]
    [InlineData("anthropic")]
    [InlineData("openai")]
    public async Task Every_attempt_of_a_call_is_paid_for_also_what_was_tried_again(string provider)
    {
        var facts = new Dictionary<string, ModelFacts> { ["any"] = new(Price: new Price(1_000_000, 10_000_000)) };
        await using var wire = await Wire.StartAsync(provider, models: facts);
        wire.Server.Enqueue(
            new StreamedAnswer { Tokens = new AnswerTokens(1, 2) },
            new StreamedAnswer(new Said("Hello.")) { Tokens = new AnswerTokens(3, 4) });

        var turn = await wire.RunAsync();

        // An empty answer is asked for again, and was paid for.
        Assert.Single(turn.Events.OfType<ModelRetried>());
        Assert.Equal(4 + 60, Assert.Single(turn.Events.OfType<MessageCompleted>()).Cost);
    }

    [Fact]
    public async Task A_call_whose_price_is_not_known_has_no_cost()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(new StreamedAnswer(new Said("Hello.")));

        var turn = await wire.RunAsync();

        Assert.Equal((null, 10L), (turn.Last.Cost, turn.Last.Usage!.Input));
    }
}
