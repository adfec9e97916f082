using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>Sessions are named by a model.</summary>
public sealed class TitleTests : ModelBench
{
    protected override Task SetUpAsync()
    {
        PassForOpenAi();
        return Task.CompletedTask;
    }

    [Fact(Timeout = 120_000)]
    public async Task A_session_is_named_by_the_model_of_the_settings_after_its_first_turn()
    {
        await User.GoodAsync("config", "set", "titles", "openai/small");
        Model.Otherwise = request => request.Body.GetProperty("model").GetString() == "small"
            ? new StreamedAnswer(new Said("The lost geese"))
            : new StreamedAnswer(new Said("By the pond."));

        var run = await User.GoodAsync("run", "--model", "openai/any", "Where are they?");
        using var following = User.Start("attach", "--json", "--after", "0");
        await following.EventsUntilAsync("session.titled");

        Assert.Equal("By the pond.\n", run.Out);
        Assert.Contains("The lost geese", (await User.GoodAsync("ls")).Out, StringComparison.Ordinal);
        Assert.Equal(2, Model.Requests.Count);
    }
}
