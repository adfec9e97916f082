using System.Runtime.Versioning;
using System.Text;
using System.Text.Json.Nodes;
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
            "'old_string' is in 'a.txt' 3 times (lines 1, 3, 5): take more of the lines around it, so that it is there once, or set 'replace_all'. The first are:\n     1\tx\n     3\tx\n     5\tx",
            await RefusedAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "x", ["new_string"] = "z" }));
        Assert.Equal("Replaced 3 places in 'a.txt'.", await TextAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "x", ["new_string"] = "z", ["replace_all"] = true }));
        Assert.Equal("z\ny\nz\n\nz", File.ReadAllText(At("a.txt")));
    }

    [Theory]
    [InlineData("if (a) {\nb();\n}", "'old_string' is not in 'a.cs', but with other white space it is at line 2. Take it exactly as it is there:\n     2\tif (a) {\n     3\t    b();\n     4\t}")]
    [InlineData("if (a) {\n    c();", "'old_string' is not in 'a.cs'. What is most like it is at line 2; take the text exactly as it is there:\n     2\tif (a) {\n     3\t    b();\n     4\t}")]
    [InlineData("{\n    b(1);\n", "'old_string' is not in 'a.cs'. What is most like it is at line 2; take the text exactly as it is there:\n     2\tif (a) {\n     3\t    b();\n     4\t}\n     5\t")]
    [InlineData("nothing like it", "'old_string' is not in 'a.cs', nor anything like it: read the file and take the text exactly as it is there.")]
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

    [Fact]
    public async Task Several_edits_are_made_each_to_what_those_before_it_left()
    {
        Put("a.txt", "one\r\ntwo\r\nthree\r\ntwo\r\n");
        var arguments = Several("a.txt", ("one\n", "two\n", false), ("two\n", "2\n", true), ("three", "3", false));

        var intent = await DescribeAsync("edit", arguments);
        var output = await RunAsync("edit", arguments);

        Assert.Equal("--- a.txt\n+++ a.txt\n@@ -1,4 +1,4 @@\n-one\n-two\n-three\n-two\n+2\n+2\n+3\n+2\n", intent.Detail!.Replace("\r", "", StringComparison.Ordinal));
        Assert.Equal("Replaced 5 places in 'a.txt'.", output.Text);
        Assert.Equal("2\r\n2\r\n3\r\n2\r\n", File.ReadAllText(At("a.txt")));
    }

    [Fact]
    public async Task Where_one_of_several_edits_cannot_be_made_none_is()
    {
        Put("a.txt", "one\ntwo\n");

        Assert.Equal(
            "Edit 2 of 2 cannot be made, so none was. 'old_string' is not in 'a.txt', nor anything like it: read the file and take the text exactly as it is there.",
            await RefusedAsync("edit", Several("a.txt", ("one", "1", false), ("zero", "0", false))));
        Assert.Equal("one\ntwo\n", File.ReadAllText(At("a.txt")));
        Assert.Contains("not both", await RefusedAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "one", ["edits"] = new JsonArray(Edit("one", "1", false)) }), StringComparison.Ordinal);
        Assert.Contains("must be a list of 1 to 200 items", await RefusedAsync("edit", new() { ["path"] = "a.txt", ["edits"] = new JsonArray() }), StringComparison.Ordinal);
        Assert.Contains("needs 'old_string'", await RefusedAsync("edit", new() { ["path"] = "a.txt" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_somebody_else_changed_since_it_was_seen_has_to_be_read_again()
    {
        Put("a.txt", "one\ntwo\n");
        Put("unseen.txt", "one\n");
        await RunAsync("read", new() { ["path"] = "a.txt" });
        await RunAsync("edit", new() { ["path"] = "a.txt", ["old_string"] = "one", ["new_string"] = "1" });
        File.AppendAllText(At("a.txt"), "three\n");
        JsonObject edit = new() { ["path"] = "a.txt", ["old_string"] = "two", ["new_string"] = "2" };

        const string refusal = "'a.txt' was changed by somebody else since you saw it last: read it again, then make your change to what is there now.";
        Assert.Equal(refusal, await RefusedAsync("edit", edit));
        Assert.Equal(refusal, await RefusedAsync("write", new() { ["path"] = "a.txt", ["content"] = "mine" }));
        Assert.Equal("1\ntwo\nthree\n", File.ReadAllText(At("a.txt")));

        await RunAsync("read", new() { ["path"] = "a.txt", ["limit"] = 1 });
        await RunAsync("edit", edit);
        await RunAsync("edit", new() { ["path"] = "unseen.txt", ["old_string"] = "one", ["new_string"] = "1" });
        Assert.Equal("1\n2\nthree\n", File.ReadAllText(At("a.txt")));

        File.Delete(At("a.txt"));
        Assert.Equal("Made 'a.txt' (4 bytes).", await TextAsync("write", new() { ["path"] = "a.txt", ["content"] = "mine" }));
    }

    private static JsonObject Several(string path, params (string Old, string New, bool All)[] edits) =>
        new() { ["path"] = path, ["edits"] = new JsonArray([.. edits.Select(e => Edit(e.Old, e.New, e.All))]) };

    private static JsonObject Edit(string old, string @new, bool all) => new() { ["old_string"] = old, ["new_string"] = @new, ["replace_all"] = all };
}
