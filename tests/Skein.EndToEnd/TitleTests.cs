using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>Sessions are named by a model.</summary>
public sealed class TitleTests : IAsyncLifetime
{
    private ModelServer _model = null!;
    private readonly User _user = new();

    public async ValueTask InitializeAsync()
    {
        _model = await ModelServer.StartAsync(TestContext.Current.CancellationToken);
        _user.Variables["OPENAI_BASE_URL"] = _model.OpenAiAddress;
        _user.Variables["OPENAI_API_KEY"] = "x";
    }

    public async ValueTask DisposeAsync()
    {
        await _user.DisposeAsync();
        await _model.DisposeAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_session_is_named_by_the_model_of_the_settings_after_its_first_turn()
    {
        await _user.GoodAsync("config", "set", "titles", "openai/small");
        _model.Otherwise = request => request.Body.GetProperty("model").GetString() == "small"
            ? new StreamedAnswer(new Said("The lost geese"))
            : new StreamedAnswer(new Said("By the pond."));

        var run = await _user.GoodAsync("run", "--model", "openai/any", "Where are they?");
        using var following = _user.Start("attach", "--json", "--after", "0");
        await following.EventsUntilAsync("session.titled");

        Assert.Equal("By the pond.\n", run.Out);
        Assert.Contains("The lost geese", (await _user.GoodAsync("ls")).Out, StringComparison.Ordinal);
        Assert.Equal(2, _model.Requests.Count);
    }
}
