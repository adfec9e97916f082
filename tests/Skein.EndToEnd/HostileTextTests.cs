using System.Text.Json;
using System.Text.RegularExpressions;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>
/// Text that others wrote, with all that a terminal could be told by it, through every command that shows what was said, named or stored.
/// </summary>
public sealed partial class HostileTextTests : IAsyncDisposable
{
    // Markup, colours, a cleared screen, a title, the clipboard and a link (7 and 8 bits), a device's string, what overwrites, what turns around.
    private const string Trap =
        "[red]markup[/] \e[31mred\e[2J\e[H \e]0;owned\a\e]52;c;ZXZpbA==\a\e]8;;https://evil.example\e\\link\e]8;;\e\\ \eP1$qm\e\\\e_x\e\\ "
        + "\u009b31m\u009d52;c;ZXZpbA==\u009c\u0085 \u202eturned\u202c\u2066apart\u2069 \b\b\u007f\r\e(0 goose";

    private const string Harmless = "[red]markup[/]";

    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 180_000)]
    public async Task Whatever_was_said_reaches_no_terminal_and_no_pipe_as_anything_but_text()
    {
        Requires.Programs("script", "git");
        _user.Variables["TERM"] = "xterm-256color";
        _user.Variables["NO_COLOR"] = null;
        _user.Variables["PAGER"] = "cat";
        var folder = Path.Combine(_user.Project, Trap.Replace('/', '|'));
        Directory.CreateDirectory(folder);
        _user.Write("skein.json", $$"""{"model": {{Json(Trap)}}, "agent": {{Json(Trap)}}}""");
        var file = _user.Write("trap.txt", Trap + "\n");
        File.Copy(file, Path.Combine(folder, $"{Trap.Replace('/', '|')}.txt"));
        var script = _user.Write("script.json", JsonSerializer.Serialize(new
        {
            steps = new[]
            {
                Step(
                    new { type = "reasoning", text = Trap }, new { type = "text", text = $"{Trap}\n\n```\n{Trap}\n```\n" },
                    new { type = "call", tool = "bash", arguments = new { command = $"cat ../trap.txt; ls; # {Trap}" } }),
                Step(new { type = "call", tool = Trap, arguments = new { path = Trap } }, new { type = "call", tool = "read", arguments = new { path = Trap } }),
                Step(new { type = "text", text = Trap }),
            },
        }));
        var model = "scripted/" + script;
        var prompt = _user.Write("prompt.txt", Trap);
        var broken = _user.Write("broken.skein", $"{{\"{Trap}\":1}}\n");
        string Here(string line) => $"cd '{folder}' && {line}";

        await HarmlessAsync(Here($"skein run --agent skein --mode auto --model '{model}' --file '{prompt}'"), Harmless);
        var title = $"skein rename 1 {Quoted(Trap[..90])}";
        foreach (var (line, shows) in ((string, string?)[])
        [
            (title, null), ("skein ls", Harmless), ("skein ls --all", Harmless), ("skein show", Harmless), ("skein show --all --tools --no-pager", Harmless), ("skein show --turn 1", Harmless),
            ("skein search goose", "goose"), ("skein search --role tool --regex 'g..se'", "goose"), ("skein export --format markdown", Harmless),
            ("skein fork 1", null), ("skein ls --json", "goose"), ("skein show --json", "goose"), ("skein search --json goose", "goose"), ("skein export --format json", "goose"),
            ("skein export --format skein", "goose"), ("skein du", null), ("skein config list || true", null), ("skein doctor || true", null), ("skein trust", null), ("skein project || true", null),
            ("skein agents", null), ("skein models --offline", null), ("skein archive 1", null), ("skein ls --archived", Harmless), ("skein trash 1", null), ("skein trash --list", Harmless),
            ($"skein import '{broken}' || true", null), ($"skein show {Quoted(Trap[..60])} || true", null), ($"skein {Quoted(Trap)} || true", null), ($"skein run --model {Quoted(Trap)} x || true", null),
            ($"skein run --agent {Quoted(Trap)} x || true", null), ($"skein ls --workspace {Quoted(Trap)}", null), ("skein status", null),
        ])
        {
            await HarmlessAsync(Here(line), shows);
        }

        using var attached = _user.StartAtTerminal(Here("skein attach --after 0 $(skein ls --archived --json | grep -o 'ses_[0-9a-z]*' | head -1)"));
        await attached.SaidAsync("goose");
        attached.Kill();
        AssertHarmless((await attached.EndAsync()).Out, "skein attach", Shown());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_line_of_ten_megabytes_is_kept_found_and_shown_in_part_or_whole()
    {
        const string Long = "head -c 10000000 /dev/zero | tr '\\0' x; echo goose";
        var model = _user.ScriptOf(
            new { type = "call", tool = "bash", arguments = new { command = Long } }, new { type = "text", text = new string('y', 1_000_000) + " swan" });

        var run = await _user.GoodAsync("run", "--mode", "auto", "--model", model, "Make it long.");
        Assert.True(run.Error.Length < 10_000, $"the activity of the run has {run.Error.Length} characters");

        foreach (var (arguments, atMost) in ((string[], int)[])
            [(["ls"], 1_000), (["show"], 1_100_000), (["search", "goose"], 2_000), (["search", "swan"], 2_000), (["search", "--regex", "x+goose"], 2_000)])
        {
            var shown = await _user.GoodAsync(arguments);
            Assert.InRange(shown.Out.Length, 10, atMost);
        }

        Assert.Contains(new string('x', 10_000_000) + "goose", (await _user.GoodAsync("show", "--tools")).Out, StringComparison.Ordinal);
        Assert.Contains("goose", (await _user.GoodAsync("export", "--format", "markdown")).Out, StringComparison.Ordinal);
        await _user.GoodAsync("export", "-o", "long.skein");
        await _user.GoodAsync("import", "long.skein");
    }

    // What was said stands in a pipe as text; at a terminal there are the program's own colours and its line that says what goes on.
    private async Task HarmlessAsync(string line, string? shows)
    {
        var piped = await _user.ShellAsync(line);
        Assert.True(piped.Code == 0, $"{line}\n{piped}");
        // An export of the log has its very bytes, which a sum guards: a file for 'skein import', and harmless where a person sees it.
        if (!line.Contains("--format skein", StringComparison.Ordinal))
            AssertHarmless(piped.Out + piped.Error, line, Piped());
        Assert.True(shows is null || (piped.Out + piped.Error).Contains(shows, StringComparison.Ordinal), $"{line} does not show '{shows}':\n{piped}");

        using var shown = _user.StartAtTerminal(line);
        shown.Input.Close();
        AssertHarmless((await shown.EndAsync()).Out, line, Shown());
    }

    private static void AssertHarmless(string said, string line, Regex odd)
    {
        var found = odd.Match(said);
        Assert.False(found.Success, $"{line}\nsays at {found.Index}: {Json(said[Math.Max(0, found.Index - 40)..Math.Min(said.Length, found.Index + 40)])}");
    }

    private static object Step(params object[] parts) => new { parts };

    private static string Json(string text) => JsonSerializer.Serialize(text);

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")]
    private static partial Regex Piped();

    // The runtime itself tells a terminal how its keys are to be sent.
    [GeneratedRegex(@"\e(?!\[[0-9;]*m|\[K|\[\?1[hl]|[=>])|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")]
    private static partial Regex Shown();
}
