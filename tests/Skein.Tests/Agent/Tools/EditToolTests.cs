using System.Runtime.Versioning;
using System.Text;
using Skein.Agent.Tools;

namespace Skein.Tests.Agent.Tools;

[UnsupportedOSPlatform("windows")]
public sealed class EditToolTests : ToolBench
{
    [Fact]
    public async Task The_one_place_is_replaced()
    {
        Put("a.txt", "one\ntwo\nthree\n");

        var intent = await DescribeAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "two\n", ["new_string"] = "2\n" });
        var output = await RunAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "two\n", ["new_string"] = "2\n" });

        Assert.Equal(
            new ToolIntent(ToolEffect.Edit, "a.txt", "edit a.txt", "--- a.txt\n+++ a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"), intent);
        Assert.Equal("Replaced 1 place in 'a.txt'.", output.Text);
        Assert.Equal("one\n2\nthree\n", File.ReadAllText(At("a.txt")));
    }

    [Fact]
    public async Task Several_places_need_replace_all()
    {
        Put("a.txt", "x\ny\nx\n\nx");

        Assert.Equal(
            "'old_string' is in 'a.txt' 3 times (lines 1, 3, 5): take more of the lines around it, so that it is there once, or set 'replace_all'.",
            await RefusedAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "x", ["new_string"] = "z" }));
        Assert.Equal("Replaced 3 places in 'a.txt'.", await TextAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "x", ["new_string"] = "z", ["replace_all"] = true }));
        Assert.Equal("z\ny\nz\n\nz", File.ReadAllText(At("a.txt")));
    }

    [Theory]
    [InlineData("if (a) {\nb();\n}", "'old_string' is not in 'a.cs', but with other white space it is at line 2: read it there and take it exactly.")]
    [InlineData("if (a) {\n    c();", "'old_string' is not in 'a.cs'. Its first line is there (line 2), but what follows differs: read it there.")]
    [InlineData("nothing like it", "'old_string' is not in 'a.cs': read the file and take the text exactly as it is there.")]
    public async Task Text_that_is_not_there_is_said_so_that_the_next_try_can_succeed(string old, string message)
    {
        Put("a.cs", "start\nif (a) {\n    b();\n}\n");

        Assert.Equal(message, await RefusedAsync("edit", new() { ["path"] = "a.cs", ["old_string"] = old, ["new_string"] = "" }));
    }

    [Fact]
    public async Task Line_endings_and_byte_order_mark_and_mode_stay()
    {
        File.WriteAllText(At("a.txt"), "one\r\ntwo\r\nthree\r\n", new UTF8Encoding(true));
        File.SetUnixFileMode(At("a.txt"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        await RunAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "one\ntwo\n", ["new_string"] = "1\n2\n2½\n" });

        Assert.Equal("\uFEFF1\r\n2\r\n2½\r\nthree\r\n"u8.ToArray(), File.ReadAllBytes(At("a.txt")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(At("a.txt")));
    }

    [Fact]
    public async Task A_file_of_mixed_line_endings_is_changed_where_it_says_only()
    {
        Put("a.txt", "one\r\ntwo\nthree\r\n");

        await RunAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "two\n", ["new_string"] = "2\n" });

        Assert.Equal("one\r\n2\nthree\r\n", File.ReadAllText(At("a.txt")));
    }

    [Fact]
    public async Task UTF16_stays_UTF16()
    {
        File.WriteAllText(At("a.txt"), "äb", Encoding.Unicode);

        await RunAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "b", ["new_string"] = "ö" });

        Assert.Equal([0xff, 0xfe, 0xe4, 0, 0xf6, 0], File.ReadAllBytes(At("a.txt")));
    }

    [Fact]
    public async Task What_would_be_damaged_or_makes_no_sense_is_refused()
    {
        File.WriteAllBytes(At("latin.txt"), [0xe4, (byte)'x']);
        File.WriteAllBytes(At("binary"), [0, (byte)'x']);

        Assert.Contains("is no UTF-8 text", await RefusedAsync("edit", new() { ["path"] = "latin.txt", ["old_string"] = "x", ["new_string"] = "y" }), StringComparison.Ordinal);
        Assert.Contains("is no UTF-8 text", await RefusedAsync("edit", new() { ["path"] = "binary", ["old_string"] = "x", ["new_string"] = "y" }), StringComparison.Ordinal);
        Assert.Equal("There is no file 'missing'.", await RefusedAsync("edit", new() { ["path"] = "missing", ["old_string"] = "x", ["new_string"] = "y" }));
        Assert.Contains("use 'write'", await RefusedAsync("edit", new() { ["path"] = "latin.txt", ["old_string"] = "", ["new_string"] = "y" }), StringComparison.Ordinal);
        Assert.Contains("are the same", await RefusedAsync("edit", new() { ["path"] = "latin.txt", ["old_string"] = "x", ["new_string"] = "x" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_intent_tells_nothing_about_a_file_outside_before_it_is_allowed()
    {
        File.WriteAllText(Path.Combine(Outside, "secret"), "x");

        var intent = await DescribeAsync("edit", new() { ["path"] = "../outside/secret", ["old_string"] = "guess", ["new_string"] = "" });

        Assert.Equal(new ToolIntent(ToolEffect.Edit, Path.Combine(Outside, "secret"), $"edit {Path.Combine(Outside, "secret")}", Outside: true), intent);
    }

    [Fact]
    public async Task The_difference_holds_several_hunks_with_their_context()
    {
        Put("a.txt", string.Concat(Enumerable.Range(1, 30).Select(n => n is 5 or 25 ? "x\n" : $"{n}\n")));

        var intent = await DescribeAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "x\n", ["new_string"] = "y\nz\n", ["replace_all"] = true });

        Assert.Equal(
            "--- a.txt\n+++ a.txt\n@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-x\n+y\n+z\n 6\n 7\n 8\n@@ -22,7 +23,8 @@\n 22\n 23\n 24\n-x\n+y\n+z\n 26\n 27\n 28\n", intent.Detail);
    }
}
