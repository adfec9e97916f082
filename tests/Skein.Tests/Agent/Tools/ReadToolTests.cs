using System.Runtime.Versioning;
using System.Text;

namespace Skein.Tests.Agent.Tools;

[UnsupportedOSPlatform("windows")]
public sealed class ReadToolTests : ToolBench
{
    [Fact]
    public async Task Lines_are_numbered_from_one()
    {
        Put("a.txt", "one\r\ntwo\n\nfour");

        var output = await RunAsync("read", new() { ["path"] = "a.txt" });

        Assert.Equal("     1\tone\n     2\ttwo\n     3\t\n     4\tfour\n", output.Text);
        Assert.Equal("""{"lines":4}""", output.Metadata!.Value.GetRawText());
    }

    [Fact]
    public async Task A_part_is_shown_and_how_to_go_on_is_said()
    {
        Put("a.txt", string.Concat(Enumerable.Range(1, 10).Select(n => $"line {n}\n")));

        Assert.Equal("     4\tline 4\n     5\tline 5\n(The file goes on: read it with offset 6.)\n", await TextAsync("read", new() { ["path"] = "a.txt", ["offset"] = 4, ["limit"] = 2 }));
        Assert.Equal("     9\tline 9\n    10\tline 10\n", await TextAsync("read", new() { ["path"] = "a.txt", ["offset"] = 9 }));
        Assert.Equal("'a.txt' has 10 lines: 'offset' 12 is beyond its end.", await RefusedAsync("read", new() { ["path"] = "a.txt", ["offset"] = 12 }));
    }

    [Fact]
    public async Task A_long_file_and_a_long_line_are_cut_and_say_so()
    {
        Put("long.txt", string.Concat(Enumerable.Repeat("x\n", 2001)));
        Put("wide.txt", new string('ä', 5000) + "\nnext\n");

        Assert.EndsWith("  2000\tx\n(The file goes on: read it with offset 2001.)\n", await TextAsync("read", new() { ["path"] = "long.txt" }), StringComparison.Ordinal);
        Assert.Equal($"     1\t{new string('ä', 2000)}… (3000 more characters)\n     2\tnext\n", await TextAsync("read", new() { ["path"] = "wide.txt" }));
    }

    [Fact]
    public async Task Other_encodings_are_read_by_their_mark_and_broken_UTF8_with_replacements()
    {
        File.WriteAllText(At("wide.txt"), "äö\n", Encoding.Unicode);
        File.WriteAllText(At("marked.txt"), "äö\n", new UTF8Encoding(true));
        File.WriteAllBytes(At("latin.txt"), [0xe4, (byte)'\n']);

        Assert.Equal("     1\täö\n", await TextAsync("read", new() { ["path"] = "wide.txt" }));
        Assert.Equal("     1\täö\n", await TextAsync("read", new() { ["path"] = "marked.txt" }));
        Assert.Equal("     1\t\uFFFD\n", await TextAsync("read", new() { ["path"] = "latin.txt" }));
    }

    [Fact]
    public async Task What_is_no_text_file_is_refused_with_what_to_do_instead()
    {
        File.WriteAllBytes(At("program"), [0x7f, (byte)'E', 0, 1]);
        Directory.CreateDirectory(At("folder"));

        Assert.Contains("is binary", await RefusedAsync("read", new() { ["path"] = "program" }), StringComparison.Ordinal);
        Assert.Equal("'folder' is a folder: use the tool 'list' to see what is in it.", await RefusedAsync("read", new() { ["path"] = "folder" }));
        Assert.Equal("There is no file 'missing'.", await RefusedAsync("read", new() { ["path"] = "missing" }));
    }

    [Fact]
    public async Task A_pipe_is_never_waited_for()
    {
        await RunAsync("bash", new() { ["command"] = "mkfifo pipe; touch empty" });

        Assert.Equal("'pipe' is empty.", await TextAsync("read", new() { ["path"] = "pipe" }));
        Assert.Equal("'empty' is empty.", await TextAsync("read", new() { ["path"] = "empty" }));
        Assert.Equal("Nothing matches.\n", await TextAsync("grep", new() { ["pattern"] = "x" }));
    }

    [Fact]
    public async Task Arguments_that_break_a_rule_are_named()
    {
        Assert.Equal("'read' needs 'path', a string.", await RefusedAsync("read", []));
        Assert.Equal("'path' of 'read' must be a string, not 7.", await RefusedAsync("read", new() { ["path"] = 7 }));
        Assert.Equal("'limit' of 'read' must be a whole number from 1 to 2000, not 0.", await RefusedAsync("read", new() { ["path"] = "a", ["limit"] = 0 }));
        Assert.Equal("'read' has no argument 'lines': it takes path, offset, limit.", await RefusedAsync("read", new() { ["path"] = "a", ["lines"] = 3 }));
        Assert.Equal("A path must not be empty or contain U+0000.", await RefusedAsync("read", new() { ["path"] = "" }));
    }
}
