using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>What a prompt brings beside its text.</summary>
public sealed class PromptOptionTests : IAsyncLifetime
{
    private ModelServer _model = null!;
    private readonly User _user = new();

    public async ValueTask InitializeAsync()
    {
        _model = await ModelServer.StartAsync(TestContext.Current.CancellationToken);
        _model.Otherwise = _ => new StreamedAnswer(new Said("I see."));
        _user.Variables["OPENAI_BASE_URL"] = _model.OpenAiAddress;
        _user.Variables["OPENAI_API_KEY"] = "x";
    }

    public async ValueTask DisposeAsync()
    {
        await _user.DisposeAsync();
        await _model.DisposeAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task Files_that_a_prompt_names_are_shown_to_the_model_and_what_is_missing_is_told()
    {
        _user.Write("src/a.txt", "one\ntwo\nthree\n");
        await File.WriteAllBytesAsync(
            Path.Combine(_user.Project, "goose.png"), [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 1, 2, 3, 4], TestContext.Current.CancellationToken);

        var run = await _user.GoodAsync("run", "--model", "openai/any", "What is in @src/a.txt:2-3 and on @goose.png, and in @src/gone.txt?");

        Assert.Equal(["skein: @src/gone.txt? was not attached: there is no such file."], run.ErrorLines.Where(l => l.StartsWith("skein:", StringComparison.Ordinal)));
        var content = _model.Requests[0].Body.GetProperty("messages")[1].GetProperty("content");
        Assert.Equal("What is in @src/a.txt:2-3 and on @goose.png, and in @src/gone.txt?", content[0].GetProperty("text").GetString());
        Assert.Equal("<file name=\"src/a.txt:2-3\">\ntwo\nthree\n\n</file>", content[1].GetProperty("text").GetString());
        Assert.StartsWith("data:image/png;base64,iVBORw0KGg", content[2].GetProperty("image_url").GetProperty("url").GetString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_effort_of_a_prompt_is_sent_and_that_of_the_settings_else()
    {
        await _user.GoodAsync("config", "set", "effort", "low");

        await _user.GoodAsync("run", "--model", "openai/any", "--effort", "max", "Think.");
        await _user.GoodAsync("run", "--continue", "Go on.");

        Assert.Equal(["xhigh", "low"], _model.Requests.Select(r => r.Body.GetProperty("reasoning_effort").GetString()));
    }
}
