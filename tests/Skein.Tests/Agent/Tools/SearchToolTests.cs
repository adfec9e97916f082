using System.Runtime.Versioning;
using Skein.Testing;

namespace Skein.Tests.Agent.Tools;

/// <summary>glob, grep and list: what walks folders.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SearchToolTests : ToolBench
{
    [Fact]
    public async Task A_pipe_holds_no_search_up_named_or_met()
    {
        await Shell.RunAsync(Workspace, "mkfifo pipe; echo goose > a.txt");

        Assert.StartsWith("Nothing matches.", (await RunAsync("grep", new() { ["pattern"] = "goose", ["path"] = "pipe" })).Text, StringComparison.Ordinal);
        Assert.Contains("a.txt", (await RunAsync("grep", new() { ["pattern"] = "goose" })).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_kernel_makes_up_is_searched_where_it_is_named()
    {
        Requires.Programs("prlimit"); // Linux alone has both.

        Assert.Equal("/proc/sys/kernel/ostype:1: Linux\n", await TextAsync("grep", new() { ["pattern"] = "^Linux$", ["path"] = "/proc/sys/kernel/ostype" }));
    }

    [Fact]
    public async Task A_tree_is_shown_in_the_order_of_names_to_its_depth()
    {
        Put("b/c/d/e.txt", "");
        Put("a.txt", "");
        Put(".hidden", "");
        Directory.CreateSymbolicLink(At("link"), "b");

        Assert.Equal(".hidden\na.txt\nb/\n  c/\n    d/\nlink (link)\n", await TextAsync("list", []));
        Assert.Equal(".hidden\na.txt\nb/\nlink (link)\n", await TextAsync("list", new() { ["depth"] = 1 }));
        Assert.Equal("d/\n  e.txt\n", await TextAsync("list", new() { ["path"] = "link/c" }));
    }

    [Fact]
    public async Task What_cannot_be_listed_is_refused()
    {
        Put("file", "");

        Assert.Equal("'file' is a file: use the tool 'read'.", await RefusedAsync("list", new() { ["path"] = "file" }));
        Assert.Equal("There is no folder 'missing'.", await RefusedAsync("list", new() { ["path"] = "missing" }));
        Assert.Equal("There is no folder 'missing'.", await RefusedAsync("glob", new() { ["path"] = "missing", ["pattern"] = "*" }));
        Assert.Equal("There is no file or folder 'missing'.", await RefusedAsync("grep", new() { ["path"] = "missing", ["pattern"] = "x" }));
    }

    [Fact]
    public async Task A_folder_of_thousands_is_bounded()
    {
        for (var i = 0; i < 1001; i++)
            Put($"{i:0000}.txt", "x\n");

        Assert.EndsWith("0999.txt\n(More than 1000 entries: list a folder in it, or with less depth.)\n", await TextAsync("list", []), StringComparison.Ordinal);
        Assert.EndsWith("0999.txt\n(More than 1000 files match: narrow the pattern or the path.)\n", await TextAsync("glob", new() { ["pattern"] = "*" }), StringComparison.Ordinal);
        Assert.EndsWith("0001.txt:1: x\n(There may be more: these are the first 2.)\n", await TextAsync("grep", new() { ["pattern"] = "x", ["limit"] = 2 }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_gitignore_leaves_out_is_left_out_also_by_nested_files_and_those_above()
    {
        Directory.CreateDirectory(At(".git/info"));
        Put(".git/info/exclude", "excluded.txt\n");
        Put(".gitignore", "# comment\nbin/\n*.log\n!keep.log\n/top.txt\nsrc/gen/**\n\\#odd\ntrailing.txt   \n");
        Put("sub/.gitignore", "!*.log\nlocal.txt\n");
        foreach (var path in new[]
        {
            "bin/a.txt", "sub/bin/b.txt", "file.log", "keep.log", "top.txt", "sub/top.txt", "src/gen/x.txt", "src/gen/deep/y.txt",
            "src/ok.txt", "#odd", "trailing.txt", "sub/inner.log", "sub/local.txt", "local.txt", "excluded.txt",
        })
            Put(path, "word\n");

        string[] expected = [".gitignore", "keep.log", "local.txt", "src/ok.txt", "sub/.gitignore", "sub/inner.log", "sub/top.txt"];
        Assert.Equal(expected, Lines(await TextAsync("glob", new() { ["pattern"] = "**" })));
        Assert.Equal(expected.Where(p => !p.EndsWith(".gitignore", StringComparison.Ordinal)), Lines(await TextAsync("grep", new() { ["pattern"] = "word", ["files_only"] = true })));
        Assert.Equal(["src/ok.txt"], Lines(await TextAsync("glob", new() { ["pattern"] = "**/*.txt", ["path"] = "src" })));
    }

    [Fact]
    public async Task Git_itself_agrees_about_what_is_ignored()
    {
        if (!File.Exists("/usr/bin/git"))
            Assert.Skip("git is missing: apt-get install git");

        await RunAsync("bash", new() { ["command"] = "git init -q ." });
        Put(".gitignore", "*.o\n!important.o\n/build\ndoc/*.txt\na/**/b\n[Tt]emp*\n?.tmp\nfoo\\*bar\nx/\n**/deep/only\n");
        foreach (var path in new[]
        {
            "m.o", "important.o", "d/m.o", "d/important.o", "build/x", "d/build/x", "doc/a.txt", "doc/sub/a.txt", "a/b/f", "a/q/b/f", "a/q/r/b/f",
            "b/f", "Temp1", "temp", "tamp", "q.tmp", "qq.tmp", "foo*bar", "fooxbar", "x/y", "d/x/y", "x2", "q/deep/only", "deep/only", "only",
        })
            Put(path, "1\n");

        var ours = Lines(await TextAsync("glob", new() { ["pattern"] = "**" }));
        var gits = Lines(await TextAsync("bash", new() { ["command"] = "git ls-files --others --exclude-standard" }));

        Assert.Equal(gits.Order(StringComparer.Ordinal), ours.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("*.cs", "a.cs")]
    [InlineData("**/*.cs", "a.cs|src/b.cs|src/x/c.cs")]
    [InlineData("src/**", "src/b.cs|src/b.md|src/x/c.cs")]
    [InlineData("src/*", "src/b.cs|src/b.md")]
    [InlineData("**/{b,c}.{cs,md}", "src/b.cs|src/b.md|src/x/c.cs")]
    [InlineData("src/?.[c-m]*", "src/b.cs|src/b.md")]
    [InlineData("src/b.[!c]?", "src/b.md")]
    [InlineData("nothing*", "No file matches 'nothing*'.")]
    public async Task Files_are_found_by_pattern(string pattern, string expected)
    {
        foreach (var path in new[] { "a.cs", "src/b.cs", "src/b.md", "src/x/c.cs" })
            Put(path, "");

        Assert.Equal(expected.Split('|'), Lines(await TextAsync("glob", new() { ["pattern"] = pattern })));
    }

    [Theory]
    [InlineData("../*")]
    [InlineData("/etc/*")]
    public async Task A_pattern_does_not_leave_its_folder(string pattern) =>
        Assert.Contains("must be relative to 'path'", await RefusedAsync("glob", new() { ["pattern"] = pattern }), StringComparison.Ordinal);

    [Fact]
    public async Task A_pattern_that_stands_for_too_many_is_refused() =>
        Assert.Contains("more than 256", await RefusedAsync("glob", new() { ["pattern"] = string.Concat(Enumerable.Repeat("{a,b}", 12)) }), StringComparison.Ordinal);

    [Fact]
    public async Task Lines_are_found_with_their_numbers()
    {
        Put("a.cs", "one\ntwo\nONE\n");
        Put("b.md", "one");
        File.WriteAllBytes(At("binary"), [(byte)'o', (byte)'n', (byte)'e', 0]);

        var output = await RunAsync("grep", new() { ["pattern"] = "^one$" });

        Assert.Equal("a.cs:1: one\nb.md:1: one\n", output.Text);
        Assert.Equal("""{"matches":2,"files":2}""", output.Metadata!.Value.GetRawText());
        Assert.Equal("a.cs:1: one\na.cs:3: ONE\n", await TextAsync("grep", new() { ["pattern"] = "one", ["ignore_case"] = true, ["include"] = "*.cs" }));
        Assert.Equal("b.md:1: one\n", await TextAsync("grep", new() { ["pattern"] = "one", ["path"] = "b.md" }));
        Assert.Equal("Nothing matches.\n", await TextAsync("grep", new() { ["pattern"] = "three" }));
    }

    [Fact]
    public async Task Lines_of_any_length_and_files_of_many_blocks_are_searched()
    {
        var lines = Enumerable.Range(1, 40_000).Select(static i => i % 10_000 == 0 ? "the goose" : $"line {i} of many").ToArray();
        Put("many.txt", string.Join('\n', lines));
        Put("one.txt", new string('x', 20 << 20) + "goose\n" + "goose\n");

        Assert.Equal(
            "many.txt:10000: the goose\nmany.txt:20000: the goose\nmany.txt:30000: the goose\nmany.txt:40000: the goose\none.txt:2: goose\n",
            await TextAsync("grep", new() { ["pattern"] = "goose" }));
        Assert.Equal("many.txt:40000: the goose\none.txt:2: goose\n", Last(await TextAsync("grep", new() { ["pattern"] = "(goose|gans)$" }), 2));
    }

    [Fact]
    public async Task A_large_file_in_UTF_16_is_told_as_one_that_was_not_read()
    {
        using (var file = File.Create(At("large.txt")))
        {
            file.Write([0xFF, 0xFE]);
            file.SetLength((64 << 20) + 2);
        }

        Assert.Contains("(1 files could not be read.)", await TextAsync("grep", new() { ["pattern"] = "goose" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_are_not_searched()
    {
        File.WriteAllText(Path.Combine(Outside, "secret"), "password\n");
        Directory.CreateSymbolicLink(At("folder"), Outside);
        File.CreateSymbolicLink(At("file"), Path.Combine(Outside, "secret"));

        Assert.Equal("Nothing matches.\n", await TextAsync("grep", new() { ["pattern"] = "password" }));
    }

    [Fact]
    public async Task A_pattern_that_is_wrong_or_too_slow_is_refused()
    {
        Put("a.txt", new string('a', 5000) + "b\n");

        Assert.StartsWith("'pattern' is no regular expression", await RefusedAsync("grep", new() { ["pattern"] = "(" }), StringComparison.Ordinal);
        Assert.Equal("Nothing matches.\n", await TextAsync("grep", new() { ["pattern"] = "^(a+)+$" }));
        Assert.Equal("The pattern is too slow ('a.txt', line 1): avoid nested repetitions.", await RefusedAsync("grep", new() { ["pattern"] = "^(a+)+\\1$" }));
    }

    [Fact]
    public async Task What_rules_withhold_is_passed_over()
    {
        Put(".env", "KEY=1\n");
        Put("a.txt", "KEY\n");
        Settings = Settings with { IsWithheld = (workspace, folder, found) => (workspace, folder, found) == (Workspace, ".", ".env") };

        Assert.Equal("a.txt:1: KEY\n", await TextAsync("grep", new() { ["pattern"] = "KEY" }));
        Assert.Equal("a.txt\n", await TextAsync("list", []));
    }

    [Fact]
    public async Task Searching_can_be_cancelled()
    {
        Put("a.txt", "x\n");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunUntilAsync("grep", new() { ["pattern"] = "x" }, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Every_tool_describes_itself_to_the_model()
    {
        var tools = Skein.Agent.Tools.BuiltInTools.All(Settings);

        Assert.Equal(["read", "write", "edit", "bash", "job", "glob", "grep", "list", "fetch", "todo"], tools.Select(t => t.Name));
        Assert.All(tools, tool => Assert.True(tool.Description.Length > 60 && tool.Parameters.GetProperty("type").GetString() == "object"));
    }

    private static string Last(string text, int lines) => string.Concat(Lines(text).TakeLast(lines).Select(static line => line + "\n"));

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
