using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>What was spent, told by the program.</summary>
public sealed class CostTests : ModelBench
{
    protected override Task SetUpAsync()
    {
        PassForOpenAi();
        return Task.CompletedTask;
    }

    [Fact(Timeout = 120_000)]
    public async Task It_is_told_by_day_session_model_workspace_and_agent_as_a_table_JSON_and_CSV()
    {
        // gpt-5.5: 5 dollars a million tokens of input, 30 of output. What fails after it was counted was paid for too.
        Model.Enqueue(
            new StreamedAnswer(new Said("One.")) { Tokens = new AnswerTokens(100_000, 10_000) },
            new StreamedAnswer(new Said("Two.")) { Tokens = new AnswerTokens(200_000, 0) },
            new StreamedAnswer(new Called("c", "nothing", "{}")) { Tokens = new AnswerTokens(20_000, 0) },
            RefusedAnswer.OpenAi(401, "invalid_api_key", "No."));
        await User.GoodAsync("run", "--model", "openai/gpt-5.5", "=First, goose");
        await User.GoodAsync("run", "--model", "openai/any", "Second");
        Assert.Equal(1, (await User.RunAsync("run", "--model", "openai/gpt-5.5", "Third")).Code);

        var total = 0.8m + 0.1m;
        foreach (var by in new[] { "day", "session", "model", "workspace", "agent" })
        {
            using var report = JsonDocument.Parse((await User.GoodAsync("cost", "--by", by, "--json")).Out);
            Assert.Equal(total, report.RootElement.GetProperty("total").GetProperty("cost").GetDecimal());
            Assert.Equal(320_000, report.RootElement.GetProperty("total").GetProperty("usage").GetProperty("input").GetInt64());
            Assert.Equal(total, report.RootElement.GetProperty("items").EnumerateArray().Sum(i => i.GetProperty("cost").GetDecimal()));
        }

        var models = (await User.GoodAsync("cost", "--by", "model")).Out;
        Assert.Matches(@"openai/gpt-5\.5 +\$0\.90 +█{24} +2 ", models);
        var sessions = await User.GoodAsync("cost", "--by", "session");
        Assert.Contains("█", sessions.Out, StringComparison.Ordinal);
        Assert.Contains("Of 1 call the price is not known", sessions.Error, StringComparison.Ordinal);
        var csv = (await User.GoodAsync("cost", "--by", "session", "--csv")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("session,title,calls,input,output,reasoning,cache_read,cache_write,cost,unpriced", csv[0]);
        Assert.Contains(csv, l => l.Contains(",\"'=First, goose\",1,100000,10000,0,0,0,0.8", StringComparison.Ordinal));
        Assert.Contains("Nothing was spent.", (await User.GoodAsync("cost", "--agent", "nobody")).Error, StringComparison.Ordinal);
        Assert.Equal(2, (await User.RunAsync("cost", "--json", "--csv")).Code);
    }
}
