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

    [Fact]
    public async Task The_last_lines_are_numbered_from_the_end()
    {
        Put("a.txt", string.Concat(Enumerable.Range(1, 10).Select(n => $"line {n}\n")));
        Put("open.txt", "one\ntwo");

        Assert.Equal("    -2\tline 9\n    -1\tline 10\n", await TextAsync("read", new() { ["path"] = "a.txt", ["offset"] = -2 }));
        Assert.Equal("    -3\tline 8\n(The file goes on: read it with offset -2.)\n", await TextAsync("read", new() { ["path"] = "a.txt", ["offset"] = -3, ["limit"] = 1 }));
        Assert.StartsWith("   -10\tline 1\n", await TextAsync("read", new() { ["path"] = "a.txt", ["offset"] = -500 }), StringComparison.Ordinal);
        Assert.Equal("    -1\ttwo\n", await TextAsync("read", new() { ["path"] = "open.txt", ["offset"] = -1 }));
        Assert.Equal("    -2\tone\n    -1\ttwo\n", await TextAsync("read", new() { ["path"] = "open.txt", ["offset"] = -3 }));
    }

    [Fact]
    public async Task The_end_of_a_large_file_costs_what_it_is()
    {
        // A hole: read from its beginning it would be binary, and take its time.
        using (var file = File.Create(At("log")))
        {
            file.Write("first\n"u8);
            file.Position = 1L << 40;
            file.Write("\nlast but one\nlast\n"u8);
        }

        Assert.Contains("is binary", await RefusedAsync("read", new() { ["path"] = "log", ["offset"] = -2 }), StringComparison.Ordinal);

        using (var file = File.OpenWrite(At("log")))
            file.Write(Enumerable.Repeat((byte)'x', 10_000).ToArray());

        Assert.Equal("    -2\tlast but one\n    -1\tlast\n", await TextAsync("read", new() { ["path"] = "log", ["offset"] = -2 }));
    }

    [Theory]
    [InlineData(new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a, 0 }, "image/png")]
    [InlineData(new byte[] { 0xff, 0xd8, 0xff, 0xe0, 0 }, "image/jpeg")]
    public async Task A_picture_is_told_by_its_content_and_shown(byte[] content, string type)
    {
        File.WriteAllBytes(At("shot.txt"), content);

        var output = await RunAsync("read", new() { ["path"] = "shot.txt" });

        Assert.Equal($"'shot.txt' is a picture ({type}, {content.Length} bytes).", output.Text);
        Assert.Equal(("shot.txt", type), (output.Image!.Name, output.Image.MediaType));
        Assert.Equal(content, output.Image.Content.ToArray());
    }

    [Fact]
    public async Task A_picture_too_large_for_a_model_is_refused()
    {
        using (var file = File.Create(At("large.png")))
        {
            file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a]);
            file.SetLength(5_000_000);
        }

        Assert.Contains("5,000,000 bytes, more than the 3,700,000", await RefusedAsync("read", new() { ["path"] = "large.png" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_whole_of_an_output_that_was_cut_is_read_by_its_name()
    {
        var blob = await Turn.PutBlobAsync(new MemoryStream("one\ntwo\nthree\n"u8.ToArray()), "text/plain; charset=utf-8", Cancellation);

        var intent = await DescribeAsync("read", new() { ["path"] = $"output:{blob.Sha256}" });

        Assert.Equal(("read", false), (intent.Title[..4], intent.Outside));
        Assert.Equal("     2\ttwo\n     3\tthree\n", await TextAsync("read", new() { ["path"] = $"output:{blob.Sha256}", ["offset"] = 2 }));
        Assert.Contains("There is no output", await RefusedAsync("read", new() { ["path"] = "output:" + new string('0', 64) }), StringComparison.Ordinal);
    }
}
