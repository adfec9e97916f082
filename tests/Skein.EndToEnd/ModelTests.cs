using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>Runs against a model server on loopback that speaks the providers' wire formats.</summary>
public sealed class ModelTests : ModelBench
{
    [Theory(Timeout = 120_000)]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task A_model_behind_a_base_url_changes_files_and_its_usage_is_recorded(string provider)
    {
        Requires.Programs("bwrap");
        Use(provider);
        Model.Enqueue(
            new StreamedAnswer(new Said("I wri", "te it."), new Called("c1", "write", "{\"path\":\"a.txt\",", "\"content\":\"hello\\n\"}")) { Tokens = new(100, 20) },
            new StreamedAnswer(new Called("c2", "bash", """{"command":"cat a.txt; echo done > b.txt"}""")) { Tokens = new(150, 10) },
            new StreamedAnswer(new Said("Both files ", "are there.")) { Tokens = new(200, 5) });

        var run = await User.RunAsync("run", "--model", $"{provider}/any", "--mode", "auto", "Write two files.");

        Assert.True(run.Code == 0, run.ToString());
        Assert.Equal("I write it.\n\nBoth files are there.\n", run.Out);
        Assert.Equal("hello\n", await File.ReadAllTextAsync(Path.Combine(User.Project, "a.txt"), Cancellation));
        Assert.Equal("done\n", await File.ReadAllTextAsync(Path.Combine(User.Project, "b.txt"), Cancellation));
        Assert.Contains("mode auto: commands run in a sandbox, without network", run.Error, StringComparison.Ordinal);
        var session = (await User.JsonAsync("ls")).GetProperty("items")[0];
        Assert.Equal((450, 35), (session.GetProperty("usage").GetProperty("input").GetInt64(), session.GetProperty("usage").GetProperty("output").GetInt64()));
        Assert.Equal("idle", session.GetProperty("status").GetString());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_key_that_was_set_after_a_command_started_the_server_counts_from_the_next_run_on()
    {
        await User.RunAsync("ls");
        var before = await User.ServerPidAsync();
        Use("openai");
        Model.Enqueue(new StreamedAnswer(new Said("With the key.")), new StreamedAnswer(new Said("With the same one.")));

        var first = await User.RunAsync("run", "--model", "openai/any", "Hello?");
        var between = await User.ServerPidAsync();
        var second = await User.RunAsync("run", "--model", "openai/any", "Hello?");

        Assert.Equal(("With the key.\n", "With the same one.\n"), (first.Out, second.Out));
        Assert.NotEqual(before, between);
        Assert.Equal(between, await User.ServerPidAsync());
    }

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Failures))]
    public async Task What_does_not_get_better_is_one_clear_line_and_the_session_stays_usable(string failure, string provider, string said)
    {
        Use(provider);
        Model.Otherwise = _ => Failing(failure, provider);

        var run = await User.RunAsync("run", "--model", $"{provider}/any", "Say something.");

        Assert.True(run.Code == 1, run.ToString());
        Assert.Single(run.ErrorLines, line => line.StartsWith("✗ ", StringComparison.Ordinal));
        Assert.Contains(said, run.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(provider, run.Error, StringComparison.Ordinal);
        Assert.Equal("error", (await User.JsonAsync("ls")).GetProperty("items")[0].GetProperty("status").GetString());
        Model.Otherwise = _ => new StreamedAnswer(new Said("Here I am again."));
        var next = await User.RunAsync("run", "--continue", "And now?");
        Assert.True(next.Code == 0, next.ToString());
        Assert.Equal("Here I am again.\n", next.Out);
    }

    public static TheoryData<string, string, string> Failures() => new()
    {
        { "401", "openai", "skein auth set openai" },
        { "401", "anthropic", "skein auth set anthropic" },
        { "not a stream", "openai", "" },
        { "not a stream", "anthropic", "" },
    };

    [Theory(Timeout = 120_000)]
    [InlineData("openai", "429")]
    [InlineData("anthropic", "429")]
    [InlineData("openai", "500 twice")]
    [InlineData("anthropic", "500 twice")]
    [InlineData("openai", "cut")]
    [InlineData("anthropic", "cut")]
    public async Task What_may_get_better_is_tried_again(string provider, string failure)
    {
        Use(provider);
        ModelAnswer[] answers = failure switch
        {
            "429" => [Refused(provider, 429, ("Retry-After", "1"))],
            "500 twice" => [Refused(provider, 500), Refused(provider, 500)],
            _ => [new StreamedAnswer(new Said("This is lo"), new Cut())],
        };
        Model.Enqueue([.. answers, new StreamedAnswer(new Said("All is well."))]);

        var run = await User.RunAsync("run", "--model", $"{provider}/any", "Say something.");

        Assert.True(run.Code == 0, run.ToString());
        Assert.EndsWith("All is well.\n", run.Out, StringComparison.Ordinal);
        Assert.Equal(answers.Length + 1, Model.Requests.Count);
        Assert.Equal(answers.Length, run.ErrorLines.Count(line => line.StartsWith('↻')));
        var items = (await User.JsonAsync("show")).GetProperty("items").EnumerateArray();
        Assert.Equal("All is well.", items.Last().GetProperty("parts")[0].GetProperty("content").GetProperty("text").GetString());
    }

    private static ModelAnswer Failing(string failure, string provider) => failure switch
    {
        "401" => Refused(provider, 401),
        _ => new WholeAnswer("text/html", "<html><body>Welcome to the captive portal</body></html>"),
    };

    private static RefusedAnswer Refused(string provider, int status, params (string, string)[] headers) => provider == "openai"
        ? RefusedAnswer.OpenAi(status, "refused", $"refused with {status}", headers)
        : RefusedAnswer.Anthropic(status, "refused", $"refused with {status}", headers);

    private void Use(string provider)
    {
        User.Variables["OPENAI_BASE_URL"] = provider == "openai" ? Model.OpenAiAddress : null;
        User.Variables["OPENAI_API_KEY"] = provider == "openai" ? "x" : null;
        User.Variables["ANTHROPIC_BASE_URL"] = provider == "anthropic" ? Model.Address : null;
        User.Variables["ANTHROPIC_API_KEY"] = provider == "anthropic" ? "x" : null;
    }
}
