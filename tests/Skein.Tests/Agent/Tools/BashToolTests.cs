using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using Skein.Agent.Tools;

namespace Skein.Tests.Agent.Tools;

[UnsupportedOSPlatform("windows")]
public sealed class BashToolTests : ToolBench
{
    [Fact]
    public async Task A_command_runs_in_the_workspace_and_its_outputs_come_in_their_order()
    {
        var output = await RunAsync("bash", new() { ["command"] = "pwd; echo two >&2; echo three" });

        Assert.Equal((Workspace + "\ntwo\nthree\n", false), (output.Text, output.IsError));
        Assert.Equal("""{"exit_code":0}""", output.Metadata!.Value.GetRawText());
        Assert.Null(output.Whole);
    }

    [Theory]
    [InlineData("echo no; exit 3", "no\n[exit code 3]", """{"exit_code":3}""")]
    [InlineData("printf no; false", "no\n[exit code 1]", """{"exit_code":1}""")]
    [InlineData("kill -9 $$", "[ended by signal 9]", """{"exit_code":137,"signal":9}""")]
    public async Task A_failure_is_an_error_with_its_code(string command, string text, string metadata)
    {
        var output = await RunAsync("bash", new() { ["command"] = command });

        Assert.Equal((text, true), (output.Text, output.IsError));
        Assert.Equal(metadata, output.Metadata!.Value.GetRawText());
    }

    [Fact]
    public async Task A_command_sees_the_given_environment_has_no_input_and_no_terminal()
    {
        Environment.SetEnvironmentVariable("SKEIN_TEST_SECRET", "never");

        Assert.Equal("yes||done\n", await TextAsync("bash", new() { ["command"] = "cat; tty -s; echo \"$GIVEN|$SKEIN_TEST_SECRET|done\"" }));
    }

    [Fact]
    public async Task Its_intent_is_the_whole_command()
    {
        var intent = await DescribeAsync("bash", new() { ["command"] = "echo a\necho b" });

        Assert.Equal(new ToolIntent(ToolEffect.Execute, "echo a\necho b", "$ echo a\necho b", "echo a\necho b"), intent);
    }

    [Fact]
    public async Task Cancelling_kills_the_command_and_what_it_started()
    {
        await RunAsync("bash", new() { ["command"] = "mkfifo started" });
        using var cancel = new CancellationTokenSource();
        var running = RunUntilAsync("bash", new() { ["command"] = "sleep 600 & echo $$ $! > started; wait" }, cancel.Token);
        var pids = (await File.ReadAllTextAsync(At("started"), Cancellation)).Split().Where(p => p.Length > 0).Select(p => int.Parse(p, null)).ToList();
        using var shell = Process.GetProcessById(pids[0]);
        using var sleep = Process.GetProcessById(pids[1]);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await shell.WaitForExitAsync(Cancellation);
        await sleep.WaitForExitAsync(Cancellation);
    }

    [Fact]
    public async Task After_its_time_a_command_is_killed_and_what_it_said_is_kept()
    {
        var time = new FiredTime();
        Settings = Settings with { Time = time };
        await RunAsync("bash", new() { ["command"] = "mkfifo said" });
        var running = RunAsync("bash", new() { ["command"] = "echo working; echo > said; sleep 600", ["timeout"] = 7 });
        await File.ReadAllTextAsync(At("said"), Cancellation);

        time.Fire();
        var output = await running;

        Assert.Equal(TimeSpan.FromSeconds(7), time.Due);
        Assert.Equal(("working\n[killed after 7 seconds]", true), (output.Text, output.IsError));
        Assert.Equal("""{"timed_out":1}""", output.Metadata!.Value.GetRawText());
    }

    [Fact]
    public async Task Large_output_is_shown_at_both_ends_and_kept_whole()
    {
        var output = await RunAsync("bash", new() { ["command"] = "seq 1 400000; printf end" });
        var expected = string.Concat(Enumerable.Range(1, 400_000).Select(n => $"{n}\n")) + "end";

        Assert.Equal($"{expected[..OutputCapture.Shown]}\n… ({expected.Length - 2 * OutputCapture.Shown} bytes left out) …\n{expected[^OutputCapture.Shown..]}", output.Text);
        string path;
        await using (var whole = Assert.IsType<FileStream>(output.Whole))
        {
            path = whole.Name;
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal(expected, await new StreamReader(whole).ReadToEndAsync(Cancellation));
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task A_command_that_never_stops_writing_is_ended()
    {
        var output = await RunAsync("bash", new() { ["command"] = "yes" });

        Assert.EndsWith("[ended: it wrote more than 67108864 bytes]", output.Text, StringComparison.Ordinal);
        Assert.True(output.IsError);
        await output.Whole!.DisposeAsync();
    }

    [Fact]
    public async Task Output_that_is_no_UTF8_is_shown_with_replacements()
    {
        Assert.Equal("a\uFFFDb", await TextAsync("bash", new() { ["command"] = "printf 'a\\377b'" }));
        Assert.Equal("(no output)", await TextAsync("bash", new() { ["command"] = "true" }));
    }

    [Fact]
    public async Task Arguments_that_break_a_rule_are_named()
    {
        Assert.Equal("'command' must not be empty or contain U+0000.", await RefusedAsync("bash", new() { ["command"] = " " }));
        Assert.Equal("'timeout' of 'bash' must be a whole number from 1 to 600, not 601.", await RefusedAsync("bash", new() { ["command"] = "true", ["timeout"] = 601 }));
    }

    [Theory]
    [InlineData(1, OutputCapture.MostInMemory)]
    [InlineData(1000, OutputCapture.MostInMemory + 1)]
    [InlineData(OutputCapture.Shown - 1, 3 * OutputCapture.MostInMemory)]
    [InlineData(OutputCapture.MostInMemory + 7, 5 * OutputCapture.MostInMemory)]
    public async Task Whatever_the_pieces_beginning_end_and_whole_are_right(int piece, int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
            bytes[i] = (byte)('a' + i * 7L % 26);
        await using var capture = new OutputCapture();

        for (var at = 0; at < length; at += piece)
            await capture.AppendAsync(bytes.AsMemory(at, Math.Min(piece, length - at)));

        var text = Encoding.UTF8.GetString(bytes);
        if (length <= OutputCapture.MostInMemory)
        {
            Assert.Equal(text, capture.Text());
            Assert.Null(capture.TakeWhole());
            return;
        }

        Assert.Equal($"{text[..OutputCapture.Shown]}\n… ({length - 2 * OutputCapture.Shown} bytes left out) …\n{text[^OutputCapture.Shown..]}", capture.Text());
        await using var whole = capture.TakeWhole()!;
        Assert.Equal(text, await new StreamReader(whole).ReadToEndAsync(Cancellation));
    }

    [Fact]
    public async Task The_next_command_begins_where_the_last_ended()
    {
        Directory.CreateDirectory(At("src/deep"));

        Assert.Equal("(no output)", (await TextAsync("bash", new() { ["command"] = "cd src/deep && cd ../.." })));
        Assert.Equal("[in src]", await TextAsync("bash", new() { ["command"] = "cd src" }));
        Assert.Equal($"{At("src")}\nerr\n[exit code 3]\n[in src/deep]", await TextAsync("bash", new() { ["command"] = "pwd; cd deep; echo err >&2; exit 3" }));
        Assert.Equal("in src/deep:\nls", (await DescribeAsync("bash", new() { ["command"] = "ls" })).Detail);
        Assert.EndsWith("which is not in the workspace: the next one begins in src/deep again]", await TextAsync("bash", new() { ["command"] = "cd /" }), StringComparison.Ordinal);

        Directory.Delete(At("src"), recursive: true);
        Assert.Equal($"{Workspace}\n", await TextAsync("bash", new() { ["command"] = "pwd" }));
    }

    [Theory]
    [InlineData("set -x; true", "+ true\n")]
    [InlineData("trap 'echo bye' EXIT", "bye\n")]
    [InlineData("exec 2>/dev/null; echo hidden >&2; echo shown", "shown\n")]
    [InlineData("echo x; )", "bash: -c: line 1: syntax error near unexpected token `)'")]
    public async Task How_the_folder_is_told_changes_nothing_about_the_command(string command, string said) =>
        Assert.Contains(said, await TextAsync("bash", new() { ["command"] = command }), StringComparison.Ordinal);
}
