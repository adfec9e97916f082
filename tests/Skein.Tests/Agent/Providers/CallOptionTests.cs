using System.Text.Json;
using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>Temperature, effort and length, as providers are sent them.</summary>
public sealed class CallOptionTests
{
    [Theory]
    [InlineData("openai", null, null, "temperature 0")]
    [InlineData("openai", null, Effort.High, "reasoning_effort \"high\"")]
    [InlineData("openai", null, Effort.Max, "reasoning_effort \"xhigh\"")]
    [InlineData("openai", null, Effort.None, "reasoning_effort \"none\", temperature 0")]
    [InlineData("openai", false, null, "")]
    [InlineData("openai", false, Effort.Low, "reasoning_effort \"low\"")]
    [InlineData("responses", null, null, "reasoning {\"summary\":\"auto\"}")]
    [InlineData("responses", null, Effort.Max, "reasoning {\"summary\":\"auto\",\"effort\":\"xhigh\"}")]
    [InlineData("anthropic", null, null, "max_tokens 32000")]
    [InlineData("anthropic", true, null, "max_tokens 32000, temperature 0")]
    [InlineData("anthropic", true, Effort.None, "max_tokens 32000, temperature 0")]
    [InlineData("anthropic", true, Effort.Medium, "max_tokens 32000, output_config {\"effort\":\"medium\"}, thinking {\"type\":\"adaptive\"}")]
    [InlineData("anthropic", null, Effort.Max, "max_tokens 32000, output_config {\"effort\":\"max\"}, thinking {\"type\":\"adaptive\"}")]
    public async Task The_temperature_is_zero_unless_the_model_takes_none_or_thinks(string provider, bool? takes, Effort? effort, string sent)
    {
        var said = await SentAsync(provider, new ModelFacts(Temperature: takes), effort);

        Assert.Equal(sent, said);
    }

    [Theory]
    [InlineData("openai", 1000, Effort.Low, "max_completion_tokens 1000, reasoning_effort \"low\"")]
    [InlineData("anthropic", 1000, null, "max_tokens 1000")]
    public async Task What_the_settings_say_of_a_model_s_output_is_its_limit(string provider, int output, Effort? effort, string sent) =>
        Assert.Equal(sent, await SentAsync(provider, new ModelFacts(Output: output, Temperature: false), effort));

    [Theory]
    [InlineData(40_000, Effort.High, 20_000)]
    [InlineData(8_000, Effort.Max, 6_000)]
    [InlineData(1_000, Effort.Low, null)]
    public async Task A_model_that_thinks_by_a_budget_has_room_left_to_answer(int output, Effort effort, int? budget)
    {
        var sent = await SentAsync("anthropic", new ModelFacts(Output: output, Temperature: true, ThinkingBudget: true), effort);

        var thinking = budget is null ? "" : $", thinking {{\"type\":\"enabled\",\"budget_tokens\":{budget}}}";
        Assert.Equal($"max_tokens {output}{thinking}", sent);
    }

    [Theory]
    [InlineData("openai/gpt-5.5", null, 32_000)]
    [InlineData("openai/gpt-5.5", Effort.High, 64_000)]
    [InlineData("openai/unknown", Effort.High, null)]
    public void Of_what_a_model_could_say_at_most_a_part_is_asked_for(string model, Effort? effort, int? limit)
    {
        using var models = new ModelCatalog([], name => name == "OPENAI_API_KEY" ? "key" : null, new Dictionary<string, Script>(), TimeProvider.System);

        Assert.Equal(limit, models.Get(model).OptionsFor(effort).MaxOutputTokens);
    }

    [Fact]
    public async Task A_model_that_refuses_a_temperature_is_asked_without_one_from_then_on()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(
            wire.Refuse(400, "unsupported_value", "Unsupported value: 'temperature' does not support 0 with this model."),
            new StreamedAnswer(new Said("Hello.")),
            new StreamedAnswer(new Said("Again.")));

        var first = await wire.RunAsync();
        var second = await wire.RunAsync();

        Assert.Equal(("Hello.", "Again."), (first.Last.Text, second.Last.Text));
        Assert.Equal([true, false, false], wire.Server.Requests.Select(r => r.Body.TryGetProperty("temperature", out _)));
        Assert.Equal(FailureKind.BadRequest, Assert.Single(first.Events.OfType<ModelRetried>()).Kind);
    }

    [Fact]
    public async Task A_turn_s_effort_goes_over_that_of_the_settings()
    {
        await using var wire = await Wire.StartAsync("openai");
        wire.Server.Enqueue(new StreamedAnswer(new Said("One.")), new StreamedAnswer(new Said("Two.")));
        var agent = new SkeinAgent(wire.Models, new Toolbox([], Sample.Open) { Effort = Effort.Low }, Sample.AtOnce, wire.Time);

        await TurnRecord.RunAsync(agent, wire.Turn(Sample.User("Go.")));
        await TurnRecord.RunAsync(agent, new FakeTurn(Sample.Session(wire.Model), [Sample.User("Go.")]) { Effort = Effort.High });

        Assert.Equal(["low", "high"], wire.Server.Requests.Select(r => r.Body.GetProperty("reasoning_effort").GetString()));
    }

    private static async Task<string> SentAsync(string provider, ModelFacts facts, Effort? effort)
    {
        await using var wire = await Wire.StartAsync(provider, models: new Dictionary<string, ModelFacts> { ["any"] = facts });
        wire.Server.Enqueue(new StreamedAnswer(new Said("Hello.")));
        await wire.RunAsync(new FakeTurn(Sample.Session(wire.Model), [Sample.User("Go.")]) { Effort = effort });

        string[] told = ["max_completion_tokens", "max_tokens", "output_config", "reasoning", "reasoning_effort", "temperature", "thinking"];
        var body = Assert.Single(wire.Server.Requests).Body;
        return string.Join(", ", told.Where(name => body.TryGetProperty(name, out _)).Select(name => $"{name} {Compact(body.GetProperty(name))}"));
    }

    private static string Compact(JsonElement value) => value.GetRawText().Replace(" ", "", StringComparison.Ordinal);
}
