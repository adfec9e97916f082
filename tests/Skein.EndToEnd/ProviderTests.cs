using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>Providers beyond the two that need only a key: found by themselves, or configured with all that can be said of one.</summary>
public sealed class ProviderTests : ModelBench
{
    [Fact(Timeout = 120_000)]
    public async Task Ollama_is_found_where_its_variable_says_and_spoken_to_in_its_own_words()
    {
        User.Variables["OLLAMA_HOST"] = Model.Address;
        Model.Enqueue(new StreamedAnswer(new Thought("Geese?"), new Called("c1", "list", "{}")), new StreamedAnswer(new Said("No geese.")));

        var models = await User.GoodAsync("models");
        var run = await User.GoodAsync("run", "--model", "ollama/gemma4:e4b", "--effort", "low", "Any geese?");

        Assert.Contains("\nollama/any", models.Out, StringComparison.Ordinal);
        Assert.Equal("No geese.\n", run.Out);
        var sent = Model.Requests[^1];
        Assert.Equal(("/api/chat", "gemma4:e4b", "low"), (sent.Path, sent.Model, sent.Body.GetProperty("think").GetString()));
        Assert.True(sent.Body.GetProperty("options").GetProperty("num_ctx").GetInt32() >= 16_384);
        Assert.Contains(sent.Body.GetProperty("messages").EnumerateArray(), m => m.TryGetProperty("thinking", out var thought) && thought.GetString() == "Geese?");
        Assert.Contains("Geese?", (await User.GoodAsync("show", "--json")).Out, StringComparison.Ordinal);
        Assert.Equal(0, (await User.JsonAsync("cost")).GetProperty("total").GetProperty("cost").GetDecimal());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_provider_is_configured_with_address_key_headers_api_limits_and_prices()
    {
        await User.GoodAsync("config", "set", "providers.work", $$"""
            {"kind": "openai", "api": "responses", "base_url": "{{Model.OpenAiAddress}}", "key_command": ["echo", "sk-told-by-a-program"], "headers": {"X-Team": "geese"},
             "models": {"any": {"context": 100000, "output": 1234, "price": {"input": 1, "output": 10, "cache_read": 0.1} } } }
            """);
        Model.Enqueue(
            new StreamedAnswer(new Thought("Geese?", "sealed"), new Called("c1", "list", "{}")) { Tokens = new AnswerTokens(1_000, 100, 50, 10_000) },
            new StreamedAnswer(new Said("No geese.")) { Tokens = new AnswerTokens(2_000, 10) });

        var run = await User.GoodAsync("run", "--model", "work/any", "Any geese?");
        var cost = (await User.JsonAsync("cost", "--by", "model")).GetProperty("items")[0];

        Assert.Equal("No geese.\n", run.Out);
        var sent = Model.Requests[1];
        Assert.Equal(("/v1/responses", "Bearer sk-told-by-a-program", "geese"), (sent.Path, sent.Headers["Authorization"], sent.Headers["X-Team"]));
        Assert.Equal(1234, sent.Body.GetProperty("max_output_tokens").GetInt32());
        Assert.Contains(sent.Body.GetProperty("input").EnumerateArray(), i => i.TryGetProperty("encrypted_content", out var seal) && seal.GetString() == "sealed");
        Assert.Equal(("work/any", 0.0056m), (cost.GetProperty("key").GetString(), cost.GetProperty("cost").GetDecimal()));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_call_that_turns_in_circles_is_asked_about_and_the_model_goes_on_with_the_answer()
    {
        User.Variables["OPENAI_BASE_URL"] = Model.OpenAiAddress;
        User.Variables["OPENAI_API_KEY"] = "x";
        User.Write("a.txt", "geese");
        Model.Enqueue([.. Enumerable.Range(0, 4).Select(n => new StreamedAnswer(new Called($"c{n}", "read", """{"path":"a.txt"}"""))), new StreamedAnswer(new Said("Enough."))]);
        await using var pane = await Pane.OpenAsync(User, "skein --model openai/any");
        await pane.SeeAsync("new session");
        await pane.TypeAsync("Read it.");
        await pane.PressAsync("Enter");

        Assert.Contains("? read Again, after the same result 3 times: read a.txt", await pane.SeeAsync("y once"), StringComparison.Ordinal);
        await pane.PressAsync("n");
        await pane.SeeAsync("why not?");
        await pane.PressAsync("Enter");

        await pane.SeeAsync("Enough.");
        var results = Model.Requests[^1].Body.GetProperty("messages").EnumerateArray().Where(m => m.GetProperty("role").GetString() == "tool").Select(m => m.GetProperty("content").GetString()!).ToList();
        Assert.Equal([true, true, true, false], results.Select(r => r.Contains("geese", StringComparison.Ordinal)));
    }

    [Fact(Timeout = 120_000)]
    public async Task Traces_go_to_the_collector_without_a_word_of_what_was_said()
    {
        await using var collector = await OtlpCollector.StartAsync(Cancellation);
        User.Variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address;

        await User.GoodAsync("run", "--model", User.Script("No geese."), "A secret goose?");
        await User.GoodAsync("stop");

        var traces = collector.Received["/v1/traces"];
        Assert.Contains("invoke_agent", traces, StringComparison.Ordinal);
        Assert.DoesNotContain("goose", traces, StringComparison.Ordinal);
        Assert.DoesNotContain("geese", traces, StringComparison.Ordinal);
    }
}
