using Skein.Client;
using Skein.Core;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>Finding sessions again, and looking at what was said and done in them.</summary>
public sealed class LookingTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_session_gets_a_title_of_several_words_and_keeps_it()
    {
        await _user.GoodAsync("run", "--model", _user.Script("One.", "Two."), "First?");

        var renamed = await _user.GoodAsync("rename", "1", "The", "goose", "plan");
        await _user.GoodAsync("run", "-c", "Second?");

        Assert.StartsWith("ses_", renamed.Out, StringComparison.Ordinal);
        Assert.Equal("The goose plan", (await _user.JsonAsync("ls")).GetProperty("items")[0].GetProperty("title").GetString());
        var tooLong = await _user.RunAsync("rename", "1", new string('x', 101));
        Assert.Equal((2, true), (tooLong.Code, tooLong.Error.Contains("101 characters", StringComparison.Ordinal)));
        Assert.Equal(2, (await _user.RunAsync("rename", "1")).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_session_that_cannot_be_read_does_not_vanish_from_the_list_without_a_word()
    {
        await _user.GoodAsync("run", "--model", _user.Script("One."), "First?");
        await _user.GoodAsync("stop");
        var log = Assert.Single(Directory.GetFiles(Path.Combine(_user.Home, "sessions"), "*.jsonl", SearchOption.AllDirectories));
        var bytes = await File.ReadAllBytesAsync(log, TestContext.Current.CancellationToken);
        bytes[20] ^= 1;
        await File.WriteAllBytesAsync(log, bytes, TestContext.Current.CancellationToken);

        var listed = await _user.GoodAsync("ls");

        Assert.Contains("A session cannot be read and is in no list: skein doctor tells which, and why.", listed.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await _user.JsonAsync("ls")).GetProperty("unread").GetInt32());
    }

    [Fact(Timeout = 60_000)]
    public async Task Sessions_are_listed_by_another_folder_by_agent_and_by_status()
    {
        await _user.GoodAsync("run", "--model", _user.Script("Hi."), "Here.");
        await _user.RunAsync("run", "--model", _user.Script(), "Nothing to say.");
        await _user.ShellAsync($"mkdir ../other && ln -s '{_user.Project}' ../link");

        var elsewhere = await _user.ShellAsync("cd ../other && skein ls --workspace ../link --status idle");
        var failed = await _user.GoodAsync("ls", "--status", "error", "--agent", "skein");
        var nobody = await _user.GoodAsync("ls", "--agent", "nobody");
        var both = await _user.RunAsync("ls", "--all", "--workspace", ".");

        Assert.Contains("Here.", elsewhere.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Nothing", elsewhere.Out, StringComparison.Ordinal);
        Assert.Contains("Nothing to say.  error", failed.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Here.", failed.Out, StringComparison.Ordinal);
        Assert.Equal("", nobody.Out);
        Assert.Equal(2, both.Code);
        Assert.Contains("exclude each other", both.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_turn_is_shown_with_its_numbers_and_all_that_its_tools_said()
    {
        Requires.Programs("bwrap");
        var model = _user.ScriptOf(
            new { type = "text", text = "Hello." }, new { type = "call", tool = "bash", arguments = new { command = "seq 1 20000" } }, new { type = "text", text = "Counted." });
        await _user.GoodAsync("run", "--model", model, "Greet.");
        await _user.GoodAsync("run", "-c", "--mode", "auto", "Count.");

        var first = await _user.GoodAsync("show", "--turn", "1");
        var second = await _user.GoodAsync("show", "--turn", "2");
        var whole = await _user.GoodAsync("show", "--turn", "2", "--tools");
        var none = await _user.RunAsync("show", "--turn", "3");

        Assert.Contains("1 you", first.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Count.", first.Out, StringComparison.Ordinal);
        Assert.Contains("3 you", second.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Greet.\n\n2", second.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("│ 10000\n", second.Out, StringComparison.Ordinal);
        Assert.Contains("  ▸   \"command\": \"seq 1 20000\"\n", whole.Out, StringComparison.Ordinal);
        Assert.Contains("│ 10000\n", whole.Out, StringComparison.Ordinal);
        Assert.Contains("│ 20000\n", whole.Out, StringComparison.Ordinal);
        Assert.Equal(2, none.Code);
        Assert.Contains("There is no turn 3", none.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_text_longer_than_the_screen_goes_through_the_pager_at_a_terminal_only()
    {
        Requires.Programs("script");
        _user.Variables["PAGER"] = "cat > paged.txt";
        await _user.GoodAsync("run", "--model", _user.Script(string.Join('\n', Enumerable.Range(1, 200))), "Count.");
        var paged = Path.Combine(_user.Project, "paged.txt");

        await _user.GoodAsync("show");
        await AtTerminalAsync("skein show --no-pager");
        Assert.False(File.Exists(paged));

        var shown = await AtTerminalAsync("skein show");
        Assert.DoesNotContain("150", shown, StringComparison.Ordinal);
        Assert.Contains("\n150\n", await File.ReadAllTextAsync(paged, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        _user.Variables["PAGER"] = "no-such-pager";
        Assert.Contains("150", await AtTerminalAsync("skein show 2>/dev/null"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Colours_are_shown_at_a_terminal_unless_somebody_says_no()
    {
        Requires.Programs("script");
        _user.Variables["TERM"] = "xterm-256color";
        _user.Variables["NO_COLOR"] = null;
        await _user.GoodAsync("run", "--model", _user.Script("Hi."), "Hello.");

        Assert.Contains("\e[36m", await AtTerminalAsync("skein ls"), StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\e\[\d+m", await AtTerminalAsync("skein ls --no-color"));
        Assert.DoesNotMatch(@"\e\[\d+m", await AtTerminalAsync("NO_COLOR=1 skein ls"));
        Assert.DoesNotMatch(@"\e\[\d+m", await AtTerminalAsync("skein --no-color lss || true"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Several_sessions_are_followed_at_once_each_line_with_its_session()
    {
        await _user.GoodAsync("run", "--model", _user.Script("One.", "Goose one."), "First.");
        await _user.GoodAsync("run", "--model", _user.Script("Two.", "Goose two."), "Second.");
        var ids = (await _user.JsonAsync("ls")).GetProperty("items").EnumerateArray().Select(s => s.GetProperty("id").GetString()!).ToArray();
        using var attached = _user.Start("attach", ids[0], ids[1]);
        attached.Input.Close();
        await FollowedAsync(ids);

        await _user.GoodAsync("run", "-s", ids[0], "Again.");
        await _user.GoodAsync("run", "-s", ids[1], "Again.");

        await attached.SaidAsync($"{ids[0][14..20]} │ Goose two.");
        await attached.SaidAsync($"{ids[1][14..20]} │ Goose one.");
        attached.Signal("INT");
        await attached.EndAsync();
        Assert.Equal(2, (await _user.RunAsync("attach", ids[0], ids[1], "--after", "0")).Code);
    }

    private async Task<string> AtTerminalAsync(string line)
    {
        using var run = _user.StartAtTerminal(line);
        var end = await run.EndAsync();
        Assert.True(end.Code == 0, end.ToString());
        return end.Out.ReplaceLineEndings("\n");
    }

    // Until then what is said is not followed, but past.
    private async Task FollowedAsync(string[] ids)
    {
        await using var client = SkeinClient.ForSocket((await _user.JsonAsync("status")).GetProperty("socket").GetString()!);
        foreach (var id in ids)
        {
            while ((await client.GetAsync(SessionId.Parse(id), TestContext.Current.CancellationToken)).Clients == 0)
                await Task.Yield();
        }
    }
}
