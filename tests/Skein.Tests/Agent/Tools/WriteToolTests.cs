using System.Runtime.Versioning;
using Skein.Tests.Core.Redaction;

namespace Skein.Tests.Agent.Tools;

[UnsupportedOSPlatform("windows")]
public sealed class WriteToolTests : ToolBench
{
    [Fact]
    public async Task A_new_file_is_written_with_the_folders_it_needs()
    {
        var output = await RunAsync("write", new() { ["path"] = "a/b/c.txt", ["content"] = "hällo" });

        Assert.Equal("Made 'a/b/c.txt' (6 bytes).", output.Text);
        Assert.Equal("hällo"u8.ToArray(), File.ReadAllBytes(At("a/b/c.txt")));
    }

    [Fact]
    public async Task A_replaced_file_keeps_its_mode_and_its_link()
    {
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        File.SetUnixFileMode(Put("run.sh", "old"), mode);
        File.CreateSymbolicLink(At("link"), "run.sh");

        var output = await RunAsync("write", new() { ["path"] = "link", ["content"] = "new" });

        Assert.Equal("Replaced 'run.sh' (3 bytes).", output.Text);
        Assert.Equal(("new", mode), (File.ReadAllText(At("run.sh")), File.GetUnixFileMode(At("run.sh"))));
        Assert.Equal("run.sh", new FileInfo(At("link")).LinkTarget);
        Assert.Equal(["link", "run.sh"], Directory.EnumerateFileSystemEntries(Workspace).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Its_intent_shows_the_difference_and_changes_nothing()
    {
        Put("a.txt", "one\ntwo\nthree\n");

        var changed = await DescribeAsync("write", new() { ["path"] = "a.txt", ["content"] = "one\n2\nthree\n" });
        var made = await DescribeAsync("write", new() { ["path"] = "new/b.txt", ["content"] = "x" });

        Assert.Equal("--- a.txt\n+++ a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n", changed.Detail);
        Assert.Equal("--- /dev/null\n+++ new/b.txt\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n", made.Detail);
        Assert.Equal("one\ntwo\nthree\n", File.ReadAllText(At("a.txt")));
        Assert.False(Directory.Exists(At("new")));
    }

    [Fact]
    public async Task Marks_are_not_written_over_the_secrets_that_they_stand_for()
    {
        var token = new Made(1).Tokens.First(t => t.Kind == "github-token").Secret;
        var content = $"A=1\nTOKEN={token}\n";
        Put(".env", content);
        Put("rules.md", "What stands for a token: [redacted: github-token]\n");

        var refused = await RefusedAsync("write", new() { ["path"] = ".env", ["content"] = "A=2\nTOKEN=[redacted: github-token]\n" });
        var same = await TextAsync("write", new() { ["path"] = "rules.md", ["content"] = "[redacted: github-token] and [redacted: jwt]\n" });
        var rest = await TextAsync("write", new() { ["path"] = "new.env", ["content"] = "TOKEN=[redacted: github-token]\n" });

        Assert.StartsWith("'.env' holds secrets that you were shown as '[redacted: …]'", refused, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(At(".env")));
        Assert.Equal(("Replaced 'rules.md' (45 bytes).", "Made 'new.env' (31 bytes)."), (same, rest));
    }

    [Fact]
    public async Task What_cannot_be_written_is_said_and_nothing_is_left()
    {
        Directory.CreateDirectory(At("folder"));
        Put("file", "");

        Assert.Equal("'folder' is a folder: 'write' needs the path of a file.", await RefusedAsync("write", new() { ["path"] = "folder", ["content"] = "" }));
        Assert.Contains("'file/below' cannot be written", await RefusedAsync("write", new() { ["path"] = "file/below", ["content"] = "" }), StringComparison.Ordinal);
        Assert.Equal(["file", "folder"], Directory.EnumerateFileSystemEntries(Workspace).Select(Path.GetFileName).Order());
    }
}
