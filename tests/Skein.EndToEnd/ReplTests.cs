using System.Text.Json;

namespace Skein.EndToEnd;

/// <summary>The REPL at a terminal: keys go in, the screen is looked at.</summary>
public sealed class ReplTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 90_000)]
    public async Task A_prompt_is_typed_and_answered_and_the_session_is_left_and_gone_on_with()
    {
        var model = _user.Script("# Title\n\nIt is **well** done:\n\n- `one`\n- two\n\n```sh\necho \"hi\" # says hi\n```", "And on.");
        await using (var pane = await Pane.OpenAsync(_user, $"skein --model {model}"))
        {
            await pane.SeeAsync("new session");
            await pane.TypeAsync("Hello?");
            await pane.PressAsync("Enter");
            var screen = await pane.SeeAsync(s => s.Contains(" out", StringComparison.Ordinal) && !s.Contains("Esc interrupts", StringComparison.Ordinal), "the end of the turn");

            Assert.Contains(
                "› Hello?\n\nTitle\n\nIt is well done:\n\n• one\n• two\n\n  sh\n  echo \"hi\" # says hi\n\n──", screen, StringComparison.Ordinal);
            await pane.PressAsync("C-d");
            Assert.Contains("go on with  skein --resume ", await pane.SeeAsync("ended with 0"), StringComparison.Ordinal);
        }

        await using var again = await Pane.OpenAsync(_user, "skein -c");
        Assert.Contains("• one", await again.SeeAsync("2 messages"), StringComparison.Ordinal);
        await again.TypeAsync("More?");
        await again.PressAsync("Enter");
        await again.SeeAsync("And on.");
        Assert.Single((await _user.JsonAsync("ls")).GetProperty("items").EnumerateArray());
    }

    [Fact(Timeout = 90_000)]
    public async Task A_prompt_has_lines_pastes_are_folded_and_all_of_it_arrives()
    {
        await using var pane = await Pane.OpenAsync(_user, $"skein --model {_user.Script("Read.", "Again.")}");
        await pane.SeeAsync("new session");

        await pane.TypeAsync("first");
        await pane.PressAsync("M-Enter");
        await pane.TypeAsync("second");
        await pane.PressAsync("C-j");
        await pane.TypeAsync("third\\");
        await pane.PressAsync("Enter");
        await pane.PasteAsync(string.Join('\n', Enumerable.Range(1, 120).Select(n => $"/line {n}")));
        var screen = await pane.SeeAsync("[pasted 120 lines]");
        Assert.Contains("› first\n  second\n  third\n  [pasted 120 lines]\n", screen, StringComparison.Ordinal);
        await pane.PressAsync("Enter");
        await pane.SeeAsync("Read.");

        var shown = await _user.RunAsync("show");
        Assert.Contains("first\nsecond\nthird\n/line 1\n/line 2\n", shown.Out, StringComparison.Ordinal);
        Assert.Contains("\n/line 120\n", shown.Out, StringComparison.Ordinal);

        // It is in the history as well, whole.
        await pane.PressAsync("C-r");
        await pane.TypeAsync("line 77");
        await pane.SeeAsync("search 'line 77'");
        await pane.PressAsync("Escape");
        await pane.SeeAsync(s => !s.Contains("search", StringComparison.Ordinal), "the end of the search");
    }

    [Fact(Timeout = 90_000)]
    public async Task What_is_typed_while_a_turn_runs_waits_can_be_taken_back_and_is_sent_after_it()
    {
        var slow = string.Join(' ', Enumerable.Repeat("word", 400));
        await using var pane = await Pane.OpenAsync(_user, $"skein --model {Slowly(slow, "Second answer.")}");
        await pane.SeeAsync("new session");
        await pane.TypeAsync("Go.");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("Esc interrupts");
        // The script goes on behind what was answered: something must have been.
        await pane.SeeAsync("word word");
        await pane.TypeAsync("then this");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("⧗ then this");
        await pane.TypeAsync("not that");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("⧗ not that");

        await pane.PressAsync("Up");
        await pane.SeeAsync(s => s.Contains("› not that", StringComparison.Ordinal) && !s.Contains("⧗ not that", StringComparison.Ordinal), "the prompt taken back");
        await pane.PressAsync("Escape");
        await pane.SeeAsync("■ interrupted\n\n› then this\n\nSecond answer.\n");
        await pane.PressAsync("C-u", "C-c");
        await pane.SeeAsync("Ctrl+C again leaves");
        await pane.PressAsync("C-c");
        await pane.SeeAsync("ended with 0");
    }

    [Fact(Timeout = 90_000)]
    public async Task A_first_prompt_that_no_model_can_take_leaves_no_session()
    {
        await using var pane = await Pane.OpenAsync(_user, "skein");
        await pane.SeeAsync("no model · ask · new session");
        await pane.TypeAsync("Go.");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("No model is named");
        await pane.SeeAsync("no model · ask · new session");

        Assert.Empty((await _user.JsonAsync("ls", "--all")).GetProperty("items").EnumerateArray());
        await pane.TypeAsync($"/model {_user.Script("Hi.")}");
        await pane.PressAsync("Enter");
        await pane.TypeAsync("Go.");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("\nHi.\n");
    }

    [Fact(Timeout = 90_000)]
    public async Task A_question_shows_what_would_be_done_and_is_answered_with_one_key()
    {
        var model = _user.ScriptOf(
            new { type = "call", tool = "write", arguments = new { path = "a.txt", content = "one\ntwo\n" } },
            new { type = "text", text = "It is written." },
            new { type = "call", tool = "bash", arguments = new { command = "rm a.txt" } },
            new { type = "text", text = "It was refused." });
        await using var pane = await Pane.OpenAsync(_user, $"skein --model {model}");
        await pane.SeeAsync("new session");
        await pane.TypeAsync("Write.");
        await pane.PressAsync("Enter");
        Assert.Contains("? write a.txt\n  │ --- /dev/null\n  │ +++ a.txt\n", await pane.SeeAsync("y once"), StringComparison.Ordinal);
        await pane.PressAsync("y");
        await pane.SeeAsync("It is written.");
        Assert.Equal("one\ntwo\n", await File.ReadAllTextAsync(Path.Combine(_user.Project, "a.txt"), TestContext.Current.CancellationToken));

        await pane.TypeAsync("Delete.");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("y once");
        await pane.PressAsync("n");
        await pane.SeeAsync("why not?");
        await pane.TypeAsync("keep it");
        await pane.PressAsync("Enter");
        Assert.Contains("They said: keep it", await pane.SeeAsync("It was refused."), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_user.Project, "a.txt")));
    }

    [Fact(Timeout = 90_000)]
    public async Task A_line_of_ten_million_characters_is_shown_and_typing_goes_on()
    {
        var model = _user.ScriptOf(
            new { type = "text", text = new string('x', 10_000_000) },
            new { type = "call", tool = "read", arguments = new { path = "long.txt" } },
            new { type = "text", text = "After all." });
        _user.Write("long.txt", new string('y', 10_000_000));
        await using var pane = await Pane.OpenAsync(_user, $"skein --model {model}");
        await pane.SeeAsync("new session");
        await pane.TypeAsync("Go.");
        await pane.PressAsync("Enter");
        await pane.SeeAsync(s => s.Contains("xxxx", StringComparison.Ordinal) && s.Contains(" out", StringComparison.Ordinal), "the end of the long line");
        await pane.TypeAsync("And now?");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("After all.");
    }

    [Fact(Timeout = 90_000)]
    public async Task The_window_may_be_narrow_and_change_and_characters_may_be_wide()
    {
        await using var pane = await Pane.OpenAsync(_user, $"skein --model {_user.Script("好的 👍 done.")}", width: 60, height: 16);
        await pane.SeeAsync("new session");
        await pane.TypeAsync("漢字 and some more words, 漢字 again");
        await pane.SeeAsync("› 漢字 and some more words, 漢字 again\n");

        await pane.ResizeAsync(24, 16);
        var narrow = await pane.SeeAsync(s => Rules(s) == 1 && s.Contains("› 漢字 and some more wo\n  rds, 漢字 again\n", StringComparison.Ordinal), "the line in a narrow window");
        Assert.All(narrow.Split('\n'), line => Assert.True(line.Length <= 24, line));
        await pane.PressAsync("C-a");
        await pane.TypeAsync("漢");
        await pane.PressAsync("BSpace");
        await pane.ResizeAsync(60, 16);
        await pane.SeeAsync(s => Rules(s) == 1 && s.Contains("› 漢字 and some more words, 漢字 again\n", StringComparison.Ordinal), "the line in a wide window");
        await pane.PressAsync("Enter");
        Assert.Contains("› 漢字 and some more words, 漢字 again\n\n好的 👍 done.\n", await pane.SeeAsync("done."), StringComparison.Ordinal);
    }

    [Fact(Timeout = 90_000)]
    public async Task What_others_say_does_nothing_to_the_terminal()
    {
        const string Evil = "\u001b[2Jcleared\u001b]0;owned\u0007 \u009b31mred\r\nnew\rover \u202egnp.exe [bold]markup[/]";
        await using var pane = await Pane.OpenAsync(_user, $"skein --model {_user.Script(Evil)}");
        await pane.SeeAsync("new session");
        await pane.TypeAsync("Say it.");
        await pane.PressAsync("Enter");
        var screen = await pane.SeeAsync("markup");
        Assert.Contains("› Say it.\n\ncleared red\nnew\nover gnp.exe [bold]markup[/]\n", screen, StringComparison.Ordinal);

        await pane.TypeAsync("/rename \u202eevil title");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("is called 'evil title'");
        await pane.TypeAsync("/sessions");
        await pane.PressAsync("Enter");
        await pane.SeeAsync(s => s.Contains("  evil title  ", StringComparison.Ordinal), "the list");
    }

    [Fact(Timeout = 90_000)]
    public async Task Commands_and_modes_do_what_they_say()
    {
        await using var pane = await Pane.OpenAsync(_user, $"SHELL=/bin/sh skein --model {_user.Script("One.", "Two.")}");
        await pane.SeeAsync("· ask ·");
        await pane.PressAsync("BTab");
        await pane.SeeAsync("· edits ·");
        await pane.TypeAsync("/moed plan");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("did you mean /mode?");
        await pane.TypeAsync("/mo");
        await pane.PressAsync("Tab", "Tab");
        await pane.SeeAsync("› /mode");
        await pane.TypeAsync(" pl");
        await pane.PressAsync("Tab", "Enter");
        await pane.SeeAsync("· plan ·");
        await pane.TypeAsync("!echo from the shell; exit 3");
        await pane.PressAsync("Enter");
        Assert.Contains("\nfrom the shell\n", await pane.SeeAsync("exit code 3"), StringComparison.Ordinal);
        await pane.TypeAsync("#tests come first");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("remembered in AGENTS.md");
        Assert.Equal("- tests come first\n", await File.ReadAllTextAsync(Path.Combine(_user.Project, "AGENTS.md"), TestContext.Current.CancellationToken));
        await pane.TypeAsync("read @AGE");
        await pane.PressAsync("Tab");
        await pane.SeeAsync("› read @AGENTS.md");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("One.");

        await pane.TypeAsync("/undo");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("rewound to 0 messages");
        await pane.PressAsync("C-u");
        await pane.TypeAsync("/redo");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("2 messages again");
        await pane.TypeAsync("/fork");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("(fork)");
        await pane.TypeAsync("/export talk.md");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("2 messages\n");
        Assert.Contains("\nOne.\n", await File.ReadAllTextAsync(Path.Combine(_user.Project, "talk.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact(Timeout = 90_000)]
    public async Task The_editor_of_the_person_is_given_the_terminal_and_the_line()
    {
        await using var pane = await Pane.OpenAsync(_user, $"EDITOR='sh -c \"test -t 0 && echo edited on a terminal >> \\$1\" sh' skein --model {_user.Script("One.")}");
        await pane.SeeAsync("new session");
        await pane.TypeAsync("/editor");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("› edited on a terminal");
    }

    [Fact(Timeout = 90_000)]
    public async Task Stopped_and_continued_it_is_where_it_was_and_the_shell_has_its_terminal_meanwhile()
    {
        await using var pane = await Pane.OpenAsync(_user, "sh -i");
        await pane.TypeAsync($"set -m; skein --model {_user.Script("One.")}");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("new session");
        await pane.TypeAsync("half a line");
        await pane.SeeAsync("› half a line");
        await pane.PressAsync("C-z");
        await pane.SeeAsync("Stopped");
        await pane.TypeAsync("echo shell $((40+2))");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("shell 42");
        await pane.TypeAsync("fg");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("› half a line\n");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("One.");
    }

    [Fact(Timeout = 90_000)]
    public async Task Without_a_model_it_says_how_to_get_one()
    {
        await using var pane = await Pane.OpenAsync(_user, "skein");
        var screen = await pane.SeeAsync("new session");

        Assert.Contains("ollama pull", screen, StringComparison.Ordinal);
        Assert.Contains("ANTHROPIC_API_KEY", screen, StringComparison.Ordinal);
        Assert.Contains("skein demo", screen, StringComparison.Ordinal);
        await pane.PressAsync("C-d");
        Assert.DoesNotContain("--resume", await pane.SeeAsync("ended with 0"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 90_000)]
    public async Task A_server_that_was_killed_is_started_by_the_next_prompt()
    {
        await using var pane = await Pane.OpenAsync(_user, $"skein --model {_user.Script("One.", "Two.")}");
        await pane.SeeAsync("new session");
        await pane.TypeAsync("First.");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("One.");
        Assert.Equal(0, (await _user.ShellAsync($"kill -9 {await _user.ServerPidAsync()}")).Code);
        await pane.TypeAsync("Second.");
        await pane.PressAsync("Enter");
        await pane.SeeAsync("Two.");
    }

    [Fact(Timeout = 30_000)]
    public async Task Without_a_terminal_there_is_help_and_what_needs_one_says_so()
    {
        Assert.Contains("Usage:", (await _user.RunAsync()).Out, StringComparison.Ordinal);
        var run = await _user.RunAsync("-c");
        Assert.Equal(2, run.Code);
        Assert.Contains("needs a terminal", run.Error, StringComparison.Ordinal);
    }

    private static int Rules(string screen) => screen.Split('\n').Count(line => line.StartsWith('─'));

    // The first answer word by word, so that there is time to do something meanwhile.
    private string Slowly(string first, string second)
    {
        var path = _user.Script(second)["scripted/".Length..];
        File.WriteAllText(path, JsonSerializer.Serialize(new
        {
            steps = new object[]
            {
                new { parts = new object[] { new { type = "text", text = first, chunk = 5, delay_ms = 200 } } },
                new { parts = new object[] { new { type = "text", text = second } } },
            },
        }));
        return "scripted/" + path;
    }
}
