using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.RegularExpressions;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>What tells about Skein itself: what is wrong, how much room it takes, what can be typed; and Skein without its program.</summary>
public sealed partial class DoctorTests : IAsyncDisposable
{
    private readonly User _user = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_healthy_home_is_well_and_looking_starts_and_makes_nothing()
    {
        var none = await _user.JsonAsync("doctor");
        Assert.True(none.GetProperty("well").GetBoolean());
        Assert.False(Directory.Exists(_user.Home));

        await BigSessionAsync();
        var running = await _user.GoodAsync("doctor");
        await _user.GoodAsync("stop");
        var stopped = await _user.GoodAsync("doctor");

        Assert.Matches(@"✓ store +1 session with \d+ events .* and 1 blob \(106\.\d KiB\) are whole\.", running.Out);
        Assert.Contains("It runs: pid", running.Out, StringComparison.Ordinal);
        Assert.Contains("None runs", stopped.Out, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_user.Home, "server.json")));
    }

    [Fact(Timeout = 60_000)]
    public async Task Agents_are_told_as_skein_agents_tells_them()
    {
        _user.Write("skein.json", JsonSerializer.Serialize(new { agents = new { goose = new { command = new[] { "no-such-goose" } } } }));
        _user.Variables["SKEIN_CONFIG"] = Path.Combine(_user.Project, "skein.json");

        var doctor = await _user.GoodAsync("doctor");
        var agents = await _user.GoodAsync("agents");

        Assert.Contains("agents    goose: 'no-such-goose' is not installed.\n", doctor.Out, StringComparison.Ordinal);
        Assert.Matches("Not installed: .*no-such-goose", agents.Out);
    }

    [Fact(Timeout = 60_000)]
    [UnsupportedOSPlatform("windows")]
    public async Task Damage_a_torn_tail_and_a_missing_blob_are_told_by_file_and_byte_and_left_alone()
    {
        await BigSessionAsync();
        await _user.GoodAsync("stop");
        var log = Assert.Single(Directory.GetFiles(Path.Combine(_user.Home, "sessions"), "*.jsonl", SearchOption.AllDirectories));
        var bytes = await File.ReadAllBytesAsync(log, Cancellation);
        var second = Array.IndexOf(bytes, (byte)'\n') + 1;
        bytes[second + 20] ^= 1;
        bytes = [.. bytes, .. "{\"seq\":"u8];
        await File.WriteAllBytesAsync(log, bytes, Cancellation);
        File.Delete(Assert.Single(Directory.GetFiles(Path.Combine(_user.Home, "blobs"), "*", SearchOption.AllDirectories)));
        File.SetUnixFileMode(_user.Home, File.GetUnixFileMode(_user.Home) | UnixFileMode.OtherExecute);

        var doctor = await _user.RunAsync("doctor", "--json");

        Assert.Equal(1, doctor.Code);
        var found = JsonElement.Parse(doctor.Out).GetProperty("findings").EnumerateArray()
            .ToLookup(f => f.GetProperty("health").GetString(), f => f.GetProperty("text").GetString()!);
        Assert.Contains(found["wrong"], t => t.Contains($"bytes from byte {second}, which were event 2", StringComparison.Ordinal) && t.Contains(Path.GetFileName(log), StringComparison.Ordinal));
        Assert.Contains(found["wrong"], t => t.Contains("which is missing", StringComparison.Ordinal));
        Assert.Contains(found["warning"], t => t.Contains($"torn tail: 7 bytes from byte {bytes.Length - 7}", StringComparison.Ordinal));
        Assert.Contains(found["warning"], t => t.Contains("chmod 700", StringComparison.Ordinal));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(log, Cancellation));
    }

    [Theory(Timeout = 120_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_can_be_mended_is_mended_and_told_in_the_log_with_a_server_and_without(bool isServed)
    {
        await BigSessionAsync();
        await _user.GoodAsync("stop");
        var log = Assert.Single(Directory.GetFiles(Path.Combine(_user.Home, "sessions"), "*.jsonl", SearchOption.AllDirectories));
        await File.AppendAllTextAsync(log, "{\"seq\":", Cancellation);
        await File.WriteAllTextAsync(Path.ChangeExtension(log, ".jsonl.new"), "half", Cancellation);
        File.Delete(Path.Combine(_user.Home, "catalog", "catalog.jsonl"));
        if (isServed)
            await _user.GoodAsync("ls");
        var before = await _user.JsonAsync("doctor");

        var repair = await _user.JsonAsync("doctor", "--repair");
        var again = await _user.JsonAsync("doctor", "--repair");

        Assert.Equal(isServed ? 1 : 3, Texts(before, "store").Count());
        Assert.Contains(Texts(repair, "mended"), t => t.Contains("torn tail: 7 bytes", StringComparison.Ordinal));
        Assert.Equal(isServed ? 1 : 3, Texts(repair, "mended").Count());
        Assert.Contains("are whole", Assert.Single(Texts(repair, "store")), StringComparison.Ordinal);
        Assert.Empty(Texts(again, "mended"));
        var told = (await File.ReadAllLinesAsync(log, Cancellation)).Select(l => JsonElement.Parse(l)).Where(e => e.GetProperty("type").GetString() == "session.repaired");
        Assert.Equal("torn", Assert.Single(Assert.Single(told).GetProperty("data").GetProperty("repairs").EnumerateArray()).GetProperty("kind").GetString());
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(log)!, "*.torn-*"));
    }

    [Fact(Timeout = 120_000)]
    public async Task What_cannot_be_mended_is_told_in_the_log_once_and_stays_wrong()
    {
        await BigSessionAsync();
        await _user.GoodAsync("stop");
        var log = Assert.Single(Directory.GetFiles(Path.Combine(_user.Home, "sessions"), "*.jsonl", SearchOption.AllDirectories));
        var blob = Assert.Single(Directory.GetFiles(Path.Combine(_user.Home, "blobs"), "*", SearchOption.AllDirectories));
        var bytes = await File.ReadAllBytesAsync(blob, Cancellation);
        bytes[1000] ^= 1;
        await File.WriteAllBytesAsync(blob, bytes, Cancellation);
        var damaged = await _user.RunAsync("doctor");
        File.Delete(blob);

        var first = await _user.RunAsync("doctor", "--repair");
        await _user.GoodAsync("stop");
        var second = await _user.RunAsync("doctor", "--repair");

        Assert.Equal((1, 1, 1), (damaged.Code, first.Code, second.Code));
        Assert.Contains($"{Path.GetFileName(blob)} has 108894 bytes that are not those it is named after", damaged.Out, StringComparison.Ordinal);
        Assert.Contains($"names blob {Path.GetFileName(blob)}, which is missing", second.Out, StringComparison.Ordinal);
        var told = (await File.ReadAllLinesAsync(log, Cancellation)).Where(l => l.Contains("\"session.repaired\"", StringComparison.Ordinal));
        Assert.Contains($"Blob {Path.GetFileName(blob)} (108894 bytes", Assert.Single(told), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Settings_and_keys_that_cannot_be_used_are_wrong()
    {
        _user.Variables["SKEIN_CONFIG"] = _user.Write("settings.json", """{"mode":"everything"}""");

        var doctor = await _user.RunAsync("doctor");

        Assert.Equal(1, doctor.Code);
        Assert.Contains("'mode' must be one of", doctor.Out, StringComparison.Ordinal);
        Assert.Contains("Something is wrong.", doctor.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_room_that_is_taken_is_told_and_shared_content_counts_once()
    {
        await BigSessionAsync();
        await _user.GoodAsync("fork", "1");
        await _user.GoodAsync("stop");

        var du = await _user.JsonAsync("du");
        var shown = await _user.GoodAsync("du");

        Assert.Equal(108_894, du.GetProperty("blobs").GetInt64());
        Assert.Equal(["Count.", "Count. (fork)"], du.GetProperty("sessions").EnumerateArray().Select(s => s.GetProperty("title").GetString()));
        var all = Directory.GetFiles(_user.Home, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
        Assert.Equal(all, du.GetProperty("total").GetInt64());
        Assert.Equal(all, new[] { "logs", "trash", "blobs", "checkpoints", "catalog", "settings", "other" }.Sum(kind => du.GetProperty(kind).GetInt64()));
        Assert.Contains("106.3 KiB  content they name", shown.Out, StringComparison.Ordinal);

        var folder = Assert.Single((await _user.JsonAsync("du", "--content")).GetProperty("workspaces").EnumerateArray());
        Assert.Equal((2, 108_894), (folder.GetProperty("sessions").GetInt32(), folder.GetProperty("blobs").GetInt64()));
    }

    [Fact(Timeout = 60_000)]
    public async Task Bash_completes_commands_those_below_them_and_options()
    {
        Assert.Equal("rename restore rewind run", await CompletedAsync("r"));
        Assert.Equal("list remove set", await CompletedAsync("auth", ""), ignoreCase: false);
        Assert.Contains("--workspace", await CompletedAsync("ls", "--w"), StringComparison.Ordinal);
        Assert.Equal("--project", await CompletedAsync("config", "set", "--p"));
        Assert.Equal("ask auto edits plan", await CompletedAsync("run", "--mode", ""));
        Assert.Equal("plan", await CompletedAsync("run", "hi", "-m", "x/y", "--mode", "p"));
        Assert.Equal("", await CompletedAsync("run", "--file", ""));
        Assert.Contains(" -l mode -x -a 'ask auto edits plan' ", (await _user.GoodAsync("completion", "fish")).Out, StringComparison.Ordinal);
        Assert.Contains("complete -c skein -f -n '__fish_seen_subcommand_from auth; and not __fish_seen_subcommand_from set list remove' -a set", (await _user.GoodAsync("completion", "fish")).Out, StringComparison.Ordinal);
        Assert.StartsWith("#compdef skein\n", (await _user.GoodAsync("completion", "zsh")).Out, StringComparison.Ordinal);
        Assert.Equal(2, (await _user.RunAsync("completion", "tcsh")).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_sample_that_embeds_skein_runs_its_tool_and_follows_the_events()
    {
        var build = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var sample = Path.Combine(PublishedProgram.Repository, "artifacts", "bin", "Embed", build, "Embed.dll");

        var run = await _user.ShellAsync($"dotnet '{sample}'");

        Assert.True(run.Code == 0, run.ToString());
        Assert.StartsWith("1 session.created\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("7 geese on the north pond", run.Out, StringComparison.Ordinal);
        Assert.Contains("Seven geese.", run.Out, StringComparison.Ordinal);
        Assert.EndsWith("turn.completed\n", run.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_page_about_commands_has_what_each_says_of_itself()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(PublishedProgram.Repository, "docs", "cli.md"), Cancellation);

        Assert.Contains((await _user.GoodAsync("--help")).Out.Trim(), page, StringComparison.Ordinal);
        foreach (var name in await CommandsAsync())
        {
            Assert.Contains($"## `skein {name}`\n", page, StringComparison.Ordinal);
            Assert.Contains((await _user.GoodAsync([.. name.Split(' '), "--help"])).Out.Trim().ReplaceLineEndings("\n"), Trailing().Replace(page, "\n"), StringComparison.Ordinal);
            foreach (var below in name is "auth" or "config" ? await CommandsAsync(name) : [])
                Assert.Contains($"### `skein {name} {below}`\n", page, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<string> Texts(JsonElement doctor, string area) =>
        doctor.GetProperty("findings").EnumerateArray().Where(f => f.GetProperty("area").GetString() == area).Select(f => f.GetProperty("text").GetString()!);

    private async Task<string[]> CommandsAsync(params string[] above) =>
        [.. Listed().Matches((await _user.GoodAsync([.. above, "--help"])).Out.Split("Commands:")[1]).Select(m => m.Groups[1].Value)];

    private async Task<string> CompletedAsync(params string[] words)
    {
        var line = string.Join(' ', words.Select(w => $"'{w}'"));
        var run = await _user.ShellAsync($"bash -c \"source <(skein completion bash); COMP_WORDS=(skein {line}); COMP_CWORD={words.Length}; _skein; printf '%s\\n' \\\"\\${{COMPREPLY[@]}}\\\"\"");
        Assert.True(run.Code == 0, run.ToString());
        return string.Join(' ', run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(w => words[^1].Length > 0 || w[0] != '-').Order(StringComparer.Ordinal));
    }

    private async Task BigSessionAsync()
    {
        Requires.Programs("bwrap");
        var model = _user.ScriptOf(new { type = "call", tool = "bash", arguments = new { command = "seq 1 20000" } }, new { type = "text", text = "Done." });
        await _user.GoodAsync("run", "--mode", "auto", "--model", model, "Count.");
    }

    [GeneratedRegex(@"^  ([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex Listed();

    [GeneratedRegex(@" +\n")]
    private static partial Regex Trailing();
}
