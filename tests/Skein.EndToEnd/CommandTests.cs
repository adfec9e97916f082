using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>The commands as a person uses them one after another.</summary>
public sealed class CommandTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_session_is_listed_shown_forked_rewound_put_away_and_brought_back()
    {
        var model = _user.Script("One.", "Two.", "Three.");
        await GoodAsync("run", "--model", model, "First?");
        await GoodAsync("run", "-c", "Second?");
        Assert.Contains("First?  idle    4", (await GoodAsync("ls")).Out, StringComparison.Ordinal);
        Assert.Contains("3 you · now\nSecond?\n\n4 scripted/", (await GoodAsync("show")).Out, StringComparison.Ordinal);

        var fork = (await GoodAsync("fork", "1", "--message", "2", "--title", "Another way")).Out.Trim();
        Assert.Equal(["First?", "One."], await TextsAsync(fork));
        await GoodAsync("run", "-s", fork, "Instead?");
        Assert.Equal(["First?", "One.", "Instead?", "Two."], await TextsAsync(fork));
        await GoodAsync("rewind", fork);
        Assert.Equal(["First?", "One."], await TextsAsync(fork));
        await GoodAsync("unrewind", fork[^16..^8]);
        Assert.Equal(["First?", "One.", "Instead?", "Two."], await TextsAsync(fork));
        await GoodAsync("rewind", fork, "1");
        Assert.Equal(["First?"], await TextsAsync("last"));

        await GoodAsync("archive", fork);
        Assert.Equal(["First?"], await TitlesAsync());
        Assert.Equal(["Another way"], await TitlesAsync("--archived"));
        await GoodAsync("unarchive", fork);
        await GoodAsync("pin", fork, "1");
        Assert.Contains(" · idle · pinned · ", (await GoodAsync("show", fork)).Out, StringComparison.Ordinal);
        await GoodAsync("unpin", fork);
        Assert.DoesNotContain("pinned", (await GoodAsync("show", fork)).Out, StringComparison.Ordinal);
        await GoodAsync("trash", "1", "2");
        Assert.Contains(" · idle · in the trash · ", (await GoodAsync("show", fork)).Out, StringComparison.Ordinal);
        Assert.Empty(await TitlesAsync());
        Assert.Equal(2, (await TitlesAsync("--trash")).Length);
        var prompted = await _user.RunAsync("run", "-s", fork, "Hello?");
        Assert.Equal(1, prompted.Code);
        Assert.Contains("in the trash", prompted.Error, StringComparison.Ordinal);
        await GoodAsync("restore", fork);
        Assert.Equal(["Another way"], await TitlesAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_collection_gave_back_is_told_by_kind()
    {
        List<string> origins = [], forks = [];
        for (var i = 0; i < 2; i++)
        {
            await GoodAsync("run", "--model", _user.Script("One."), "First?");
            origins.Add((await _user.JsonAsync("ls")).GetProperty("items")[0].GetProperty("id").GetString()!);
            forks.Add((await GoodAsync("fork", origins[i])).Out.Trim());
        }

        await GoodAsync(["trash", .. origins, .. forks]);
        await GoodAsync(["trash", "--purge", "--yes", .. origins]);
        Assert.Equal("There was nothing to give back.\n", (await GoodAsync("gc")).Out);
        await GoodAsync(["trash", "--purge", "--yes", .. forks]);

        Assert.Matches("^2 origins of forks  [0-9.]+ KiB\n$", (await GoodAsync("gc")).Out);
    }

    [Fact(Timeout = 60_000)]
    public async Task Sessions_belong_to_their_folder_however_it_is_reached()
    {
        await GoodAsync("run", "--model", _user.Script("Hi."), "Hello.");
        Directory.CreateDirectory(Path.Combine(_user.Project, "below"));

        var byLink = await _user.ShellAsync($"ln -s '{_user.Project}' ../link && cd ../link && skein ls");
        var below = await _user.ShellAsync("cd below && skein ls && skein ls --all");

        Assert.Contains("Hello.", byLink.Out, StringComparison.Ordinal);
        Assert.Contains("No sessions in", below.Error, StringComparison.Ordinal);
        Assert.Contains("Hello.", below.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_piped_in_and_what_stands_in_a_file_joins_the_prompt()
    {
        var file = _user.Write("more.txt", "from a file\n");

        var run = await _user.RunAsync("from a pipe\n", ["run", "--model", _user.Script("Hi.", "Hi."), "--file", file, "from", "arguments"]);
        await _user.RunAsync("only piped", ["run", "-c", "-"]);

        Assert.True(run.Code == 0, run.ToString());
        Assert.Equal(["from arguments\n\nfrom a file\n\nfrom a pipe", "Hi.", "only piped", "Hi."], await TextsAsync("last"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Events_come_one_a_line_and_from_the_beginning()
    {
        var run = await GoodAsync("run", "--json", "--model", _user.Script("Hi."), "Hello.");

        var events = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)).ToArray();
        Assert.Equal("session.created", events[0].GetProperty("type").GetString());
        Assert.Equal("turn.completed", events[^1].GetProperty("type").GetString());
        Assert.Equal(Enumerable.Range(1, events.Length), events.Select(e => e.GetProperty("seq").GetInt32()));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_model_says_reaches_no_terminal_as_a_control_sequence()
    {
        var run = await GoodAsync("run", "--model", _user.Script("\e[2J\e]0;owned\aHarmless\u009b31m.\u202e"), "Say \e[31mred\e[0m");

        Assert.Equal("Harmless.\n", run.Out);
        foreach (var said in (ProgramRun[])[run, await GoodAsync("ls"), await GoodAsync("show")])
            Assert.DoesNotContain(said.Out + said.Error, c => c is '\e' or '\a' or '\u009b' or '\u202e');
    }

    [Theory(Timeout = 60_000)]
    [InlineData("ask", "bash", """{"command": "touch made"}""", "$ touch made (use --mode auto, or run it on a terminal)")]
    [InlineData("ask", "write", """{"path": "made", "content": ""}""", "write made (use --mode edits or auto, or run it on a terminal)")]
    [InlineData("auto", "fetch", """{"url": "https://geese.invalid/"}""", "fetch https://geese.invalid/ (allow it by a rule in your settings, or run it on a terminal)")]
    [InlineData("auto", "write", """{"path": "AGENTS.md", "content": "evil"}""", "write AGENTS.md (run it on a terminal)")]
    public async Task Without_a_terminal_a_question_is_answered_with_no_and_what_would_help_is_told(string mode, string tool, string arguments, string told)
    {
        var model = _user.ScriptOf(new { type = "call", tool, arguments = JsonElement.Parse(arguments) }, new { type = "text", text = "Then not." });

        var run = await GoodAsync("run", "--model", model, "--mode", mode, "Make it.");

        Assert.Equal("Then not.\n", run.Out);
        Assert.Contains($"skein: not allowed, since there is no terminal to ask on: {told}\n", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_user.Project));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_folder_that_is_not_trusted_only_narrows_and_that_is_said_once()
    {
        _user.Write("skein.json", """{"mode": "auto", "permissions": [{"tool": "bash", "pattern": "*", "action": "allow"}]}""");
        var model = _user.ScriptOf(
            new { type = "call", tool = "bash", arguments = new { command = "touch made" } }, new { type = "text", text = "So." });

        var first = await GoodAsync("run", "--model", model, "Make it.");
        var second = await GoodAsync("run", "--model", model, "Make it.");
        Assert.Contains($"{_user.Project} is not trusted, so these of its settings are ignored: mode, permissions[0]", first.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("is not trusted", second.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_user.Project, "made")));

        await GoodAsync("run", "--trust", "--model", model, "Make it.");
        Assert.True(File.Exists(Path.Combine(_user.Project, "made")));
        Assert.Equal(_user.Project, (await GoodAsync("trust", "--list")).Out.Trim());
    }

    [Fact(Timeout = 60_000)]
    public async Task Tools_see_neither_keys_nor_the_home_of_skein()
    {
        Requires.Programs("bwrap");
        _user.Variables["OPENAI_API_KEY"] = "sk-very-secret";
        _user.Variables["MY_VARIABLE"] = "seen";
        var model = _user.ScriptOf(
            new { type = "call", tool = "bash", arguments = new { command = "env > env.txt" } }, new { type = "text", text = "Done." });

        await GoodAsync("run", "--mode", "auto", "--model", model, "Look around.");

        var seen = await File.ReadAllTextAsync(Path.Combine(_user.Project, "env.txt"), TestContext.Current.CancellationToken);
        Assert.Contains("MY_VARIABLE=seen", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("SKEIN_", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-very-secret", seen, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task At_a_terminal_a_question_is_asked_and_nothing_typed_before_answers_it()
    {
        Requires.Programs("script");
        var model = _user.ScriptOf(
            new { type = "text", text = new string('.', 40), chunk = 1, delay_ms = 20 },
            new { type = "call", tool = "bash", arguments = new { command = "touch made" } },
            new { type = "text", text = "It is made." });
        await GoodAsync("run", "--model", model, "Warm up.");
        using var run = _user.StartAtTerminal("skein run -c 'Make it.'");

        await run.Input.WriteAsync("n\n");
        await run.SaidAsync("[n]o and why: ");
        Assert.False(File.Exists(Path.Combine(_user.Project, "made")));
        await run.Input.WriteAsync("y\n");
        await run.SaidAsync("It is made.");

        Assert.True(File.Exists(Path.Combine(_user.Project, "made")));
        run.Input.Close();
        Assert.Equal(0, (await run.EndAsync()).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_version_is_told()
    {
        Assert.Matches(@"^skein \d+\.\d+\.\d+\n$", (await GoodAsync("--version")).Out);
    }

    private async Task<ProgramRun> GoodAsync(params string[] arguments)
    {
        var run = await _user.RunAsync(arguments);
        Assert.True(run.Code == 0, $"skein {string.Join(' ', arguments)}\n{run}");
        return run;
    }

    private async Task<string[]> TextsAsync(string session) =>
        [.. (await _user.JsonAsync("show", session)).GetProperty("items").EnumerateArray()
            .Select(m => m.GetProperty("parts")[0].GetProperty("content").GetProperty("text").GetString()!)];

    private async Task<string[]> TitlesAsync(params string[] options) =>
        [.. (await _user.JsonAsync(["ls", .. options])).GetProperty("items").EnumerateArray().Select(s => s.GetProperty("title").GetString()!)];
}
