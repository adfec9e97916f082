using System.Text.Json;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>What is the Responses API's own.</summary>
public sealed class ResponsesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Its_thoughts_are_kept_and_sent_back_sealed_before_the_calls_they_led_to()
    {
        await using var wire = await Wire.StartAsync("responses");
        wire.Server.Enqueue(
            new StreamedAnswer(new Thought("Hm.", "seal-1"), new HiddenThought("seal-2"), new Said("I look."), new Called("a", "look", """{"path":"x"}"""), new Called("b", "missing")),
            new StreamedAnswer(new Said("Done.")));

        var turn = await wire.RunAsync(new FuncTool("look", "saw it"));

        Assert.Equal([new ReasoningPart("Hm.", "seal-1"), new ReasoningPart("", "seal-2"), new TextPart("I look.")], turn.Messages[1].Parts.Take(3).Select(p => p.Content));
        Assert.Equal([(StreamKind.Reasoning, "Hm.")], turn.Deltas.Where(d => d.Kind == StreamKind.Reasoning).Select(d => (d.Kind, d.Text)));
        var body = wire.Server.Requests[1].Body;
        Assert.Equal(
            [
                """{"type":"message","role":"user","content":[{"type":"input_text","text":"Go."}]}""",
                """{"type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}],"encrypted_content":"seal-1"}""",
                """{"type":"reasoning","summary":[],"encrypted_content":"seal-2"}""",
                """{"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look."}]}""",
                """{"type":"function_call","call_id":"a","name":"look","arguments":"{\"path\":\"x\"}"}""",
                """{"type":"function_call","call_id":"b","name":"missing","arguments":"{}"}""",
                """{"type":"function_call_output","call_id":"a","output":"saw it"}""",
                """{"type":"function_call_output","call_id":"b","output":"There is no tool 'missing'. Tools: look."}""",
            ],
            body.GetProperty("input").EnumerateArray().Select(i => i.GetRawText()));
        Assert.False(body.GetProperty("store").GetBoolean());
        Assert.Equal("reasoning.encrypted_content", body.GetProperty("include")[0].GetString());
        Assert.StartsWith("You are Skein", body.GetProperty("instructions").GetString());
        var tool = body.GetProperty("tools")[0];
        Assert.Equal(("function", "look", false), (tool.GetProperty("type").GetString(), tool.GetProperty("name").GetString(), tool.GetProperty("strict").GetBoolean()));
        Assert.Equal($"Bearer {Wire.Key}", wire.Server.Requests[1].Headers["Authorization"]);
    }

    [Fact]
    public async Task An_organisation_that_may_not_see_summaries_is_answered_without_them_from_then_on()
    {
        await using var wire = await Wire.StartAsync("responses");
        wire.Server.Enqueue(
            wire.Refuse(400, "unsupported_value", "Your organization must be verified to generate reasoning summaries."),
            new StreamedAnswer(new Called("a", "look", "{}")),
            new StreamedAnswer(new Said("Done.")));

        var turn = await wire.RunAsync(new FuncTool("look", "saw it"));

        Assert.Equal("Done.", turn.Last.Text);
        Assert.Equal([true, false, false], wire.Server.Requests.Select(r => r.Body.TryGetProperty("reasoning", out _)));
        Assert.Empty(turn.Events.OfType<ModelRetried>());
    }

    [Fact]
    public async Task A_model_that_does_not_think_is_not_asked_for_thoughts()
    {
        await using var wire = await Wire.StartAsync("responses");
        wire.Server.Enqueue(new StreamedAnswer(new Said("Yes.")));

        await wire.RunAsync(new FakeTurn(Sample.Session("responses/gpt-4.1-mini"), [Sample.User("Go.")]));

        var body = Assert.Single(wire.Server.Requests).Body;
        Assert.False(body.TryGetProperty("include", out _) || body.TryGetProperty("reasoning", out _));
    }

    [Fact]
    public async Task A_server_that_sends_only_whole_items_is_understood()
    {
        await using var wire = await Wire.StartAsync("responses");
        wire.Server.Enqueue(
            Whole(
                """{"type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}]}""",
                """{"type":"message","content":[{"type":"output_text","text":"I look."}]}""",
                """{"type":"function_call","call_id":"a","name":"look","arguments":"{\"path\":\"x\"}"}"""),
            new StreamedAnswer(new Said("Done.")));

        var turn = await wire.RunAsync(new FuncTool("look", "saw it"));

        Assert.Equal([new ReasoningPart("Hm."), new TextPart("I look.")], turn.Messages[1].Parts.Take(2).Select(p => p.Content));
        Assert.Equal("""{"path":"x"}""", turn.Messages[1].Parts.Select(p => p.Content).OfType<ToolCallPart>().Single().Arguments.GetRawText());
        Assert.Equal("Done.", turn.Last.Text);
    }

    [Theory]
    [InlineData("""{"type":"response.failed","response":{"status":"failed","error":{"code":"context_length_exceeded","message":"Too long."}}}""", FailureKind.Overflow)]
    [InlineData("""{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"Slower."}}}""", FailureKind.Quota)]
    [InlineData("""{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"Oh."}}}""", FailureKind.Overload)]
    [InlineData("""{"type":"error","code":"invalid_prompt","message":"Not this.","param":null}""", FailureKind.BadRequest)]
    [InlineData("""{"type":"error","error":{"type":"invalid_request_error","code":null,"message":"Not this."}}""", FailureKind.BadRequest)]
    [InlineData("[1]", FailureKind.Network)]
    [InlineData("""{"type":"response.function_call_arguments.delta","output_index":3,"delta":"{"}""", FailureKind.Network)]
    public async Task An_error_in_the_stream_has_its_kind(string e, FailureKind kind)
    {
        await using var wire = await Wire.StartAsync("responses");
        wire.Server.Otherwise = _ => new StreamedAnswer(new Said("So "), new Raw($"data: {e}\n\n"), new Ended());

        var turn = await wire.RunAsync();

        Assert.Equal((kind, MessageStatus.Error), (turn.Failure!.Kind, turn.Last.Status));
    }

    [Fact]
    public async Task An_answer_that_was_too_long_says_so()
    {
        await using var wire = await Wire.StartAsync("responses");
        wire.Server.Enqueue(new StreamedAnswer(new Said("So ")) { Finish = "max_output_tokens" });

        Assert.Equal(StopReason.Length, (await wire.RunAsync()).Last.Stop);
    }

    [Theory]
    [InlineData(null, null, "/v1/chat/completions")]
    [InlineData(OpenAiApi.Responses, null, "/v1/responses")]
    [InlineData(OpenAiApi.Responses, "openai", "/v1/responses")]
    [InlineData(null, "openai", "/v1/chat/completions")]
    public async Task Elsewhere_it_is_spoken_where_the_settings_say_so(OpenAiApi? api, string? name, string path)
    {
        await using var server = await ModelServer.StartAsync(Cancellation);
        server.Enqueue(new StreamedAnswer(new Said("Yes.")));
        using var models = new ModelCatalog(
            [new ProviderConfiguration(name ?? "mine", ProviderKind.OpenAi, server.OpenAiAddress) { Api = api }], _ => null, new Dictionary<string, Script>(), TimeProvider.System);

        await models.Get($"{name ?? "mine"}/any").Client.GetResponseAsync([new(Microsoft.Extensions.AI.ChatRole.User, "Go.")], null, Cancellation);

        Assert.Equal(path, Assert.Single(server.Requests).Path);
    }

    [Fact]
    public void At_the_maker_s_own_address_it_is_what_is_spoken()
    {
        var providers = Provider.All([new("mine", ProviderKind.OpenAi, "https://api.openai.com/v1"), new("other", ProviderKind.OpenAi, "https://llm.example.org/v1")], _ => null);

        Assert.Equal(["openai", "mine"], providers.Where(p => p is { Kind: ProviderKind.OpenAi, Api: OpenAiApi.Responses }).Select(p => p.Name));
    }

    private static StreamedAnswer Whole(params string[] items) => new([.. items.Select((item, i) => new Raw(
        $"data: {{\"type\":\"response.output_item.done\",\"output_index\":{i},\"item\":{JsonSerializer.Serialize(JsonElement.Parse(item))}}}\n\n"))]);
}
