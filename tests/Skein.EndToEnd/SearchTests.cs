using System.Text.Json;

namespace Skein.EndToEnd;

public sealed class SearchTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task What_was_said_is_found_in_all_sessions_and_shown_without_what_it_would_do_to_a_terminal()
    {
        var model = _user.Script("They \e[31mflew\e[0m south, said \"the miller\".", "Zwei Gänse.");
        await _user.RunAsync("run", "--model", model, "Where are the geese?");
        await _user.RunAsync("run", "--model", model, "-c", "Wie viele Gänse?");

        var found = await _user.RunAsync("search", "SAID", "\"the", "miller\"");
        var lines = (await _user.RunAsync("search", "--json", "--limit", "1", "gänse")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var nothing = await _user.RunAsync("search", "geese", "--role", "assistant");

        Assert.Matches("^[0-9a-z]{6}  Where are the geese\\? · now · assistant\n  …?.*flew south, said \"the miller\"\\.\n$", found.Out);
        Assert.Equal((0, ""), (found.Code, found.Error));
        Assert.Contains("\"snippet\":{\"text\":\"Zwei Gänse.\",\"start\":5,\"length\":5}", lines[0], StringComparison.Ordinal);
        Assert.Equal("""{"end":{"hits":1,"more":true}}""", lines[1]);
        Assert.Equal((0, "", "Nothing found.\n"), (nothing.Code, nothing.Out, nothing.Error));
    }

    [Fact(Timeout = 120_000)]
    public async Task Each_option_leaves_out_what_it_says()
    {
        var model = _user.Script("The geese flew south.", "No geese.");
        await _user.GoodAsync("run", "--model", model, "Where are the geese?");
        var other = await _user.ShellAsync($"mkdir -p ../other && cd ../other && skein run --model '{model}' 'Geese again'");
        Assert.True(other.Code == 0, other.ToString());

        Assert.Equal(4, await HitsAsync("geese"));
        Assert.Equal(3, await HitsAsync("geese", "--case"));
        Assert.Equal(1, await HitsAsync("^g[e]+se", "--regex"));
        Assert.Equal(2, await HitsAsync("geese", "--workspace", "."));
        Assert.Equal(2, await HitsAsync("geese", "--role", "user"));
        Assert.Equal((4, 0), (await HitsAsync("geese", "--agent", "skein"), await HitsAsync("geese", "--agent", "codex")));
        Assert.Equal((4, 0), (await HitsAsync("geese", "--since", "1h"), await HitsAsync("geese", "--since", "2999-01-01")));
        Assert.Equal(1, await HitsAsync("geese", "--limit", "1"));

        await _user.GoodAsync("trash", "1");
        Assert.Equal((2, 2), (await HitsAsync("geese"), await HitsAsync("geese", "--trash")));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("(", "--regex", "is not a regular expression")]
    [InlineData("geese", "--since=yesterday", "--since yesterday: it must be a date")]
    [InlineData("geese", "--role=goose", "--role goose: it must be one of user, assistant, system, tool.")]
    public async Task What_cannot_be_searched_for_is_bad_usage(string text, string option, string why)
    {
        var refused = await _user.RunAsync("search", text, option);

        Assert.Equal(2, refused.Code);
        Assert.Contains(why, refused.Error, StringComparison.Ordinal);
    }

    private async Task<int> HitsAsync(params string[] arguments)
    {
        var run = await _user.GoodAsync(["search", "--json", .. arguments]);
        return JsonElement.Parse(run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).GetProperty("end").GetProperty("hits").GetInt32();
    }
}
