using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Skein.Agent.Tools;
using Skein.Sandbox;

namespace Skein.Tests.Agent.Tools;

/// <summary>Something puts a link in the place of a folder, between the moment that a call is judged and the moment that it is carried out.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class LinkRaceTests : ToolBench
{
    private const string Secret = "the geese are in the barn";

    public LinkRaceTests()
    {
        Put("d/file", "mine\n");
        File.WriteAllText(Path.Combine(Outside, "file"), Secret);
    }

    public static TheoryData<string, string> Calls => new()
    {
        { "read", """{"path": "d/file"}""" },
        { "write", """{"path": "d/file", "content": "evil"}""" },
        { "edit", """{"path": "d/file", "old_string": "e", "new_string": "evil"}""" },
        { "grep", """{"pattern": "e", "path": "d"}""" },
        { "list", """{"path": "d"}""" },
        { "glob", """{"path": "d", "pattern": "*"}""" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_path_that_leads_elsewhere_than_when_it_was_judged_is_refused(string tool, string arguments)
    {
        var call = (JsonObject)JsonNode.Parse(arguments)!;
        var judged = await DescribeAsync(tool, call);
        PutLink();

        var refused = await Assert.ThrowsAsync<ToolInputException>(() => RunJudgedAsync(tool, call, judged));

        Assert.Contains("leads to another place than a moment ago", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Secret, await File.ReadAllTextAsync(Path.Combine(Outside, "file"), Cancellation));
    }

    [Fact]
    public async Task A_file_is_neither_read_nor_written_through_a_link_that_came_after_its_path_was_looked_up()
    {
        var path = At("d/file");
        PutLink();

        Assert.Throws<IOException>(() => JudgedFile.OpenRead(path));
        await Assert.ThrowsAsync<IOException>(() => JudgedFile.WriteAsync(path, "evil"u8.ToArray(), Cancellation));

        Assert.Equal(["file"], Directory.GetFileSystemEntries(Outside).Select(Path.GetFileName));
        Assert.Equal(Secret, await File.ReadAllTextAsync(Path.Combine(Outside, "file"), Cancellation));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_folder_that_becomes_a_link_and_back_all_the_time_leads_nowhere_else()
    {
        var flips = new ChildStart("/bin/sh", ["-c", "while :; do mv d e; ln -s ../outside d; rm d; mv e d; done"], Workspace, Settings.Environment) { Output = ChildOutput.Merged };
        await using var child = ChildProcess.Start(flips);
        var told = new List<string>();
        for (var i = 0; i < 300; i++)
        {
            var (tool, call) = i % 3 == 0
                ? ("write", new JsonObject { ["path"] = "d/file", ["content"] = "mine\n" })
                : ("read", new JsonObject { ["path"] = "d/file" });
            try
            {
                // Who asks about all that is outside says no to it.
                if (await DescribeAsync(tool, call) is { Outside: false } judged)
                    told.Add((await RunJudgedAsync(tool, call, judged)).Text);
            }
            catch (ToolInputException)
            {
                // It was not there at that moment, or led elsewhere.
            }
        }

        child.Kill();

        Assert.NotEmpty(told);
        Assert.DoesNotContain(told, text => text.Contains(Secret, StringComparison.Ordinal));
        Assert.Equal(["file"], Directory.GetFileSystemEntries(Outside).Select(Path.GetFileName));
        Assert.Equal(Secret, await File.ReadAllTextAsync(Path.Combine(Outside, "file"), Cancellation));
    }

    private Task<ToolOutput> RunJudgedAsync(string tool, JsonObject arguments, ToolIntent judged) =>
        Tool(tool).RunAsync(Json(arguments), Context() with { Judged = judged.Subject }, Cancellation);

    private void PutLink()
    {
        Directory.Move(At("d"), At("e"));
        File.CreateSymbolicLink(At("d"), Outside);
    }
}
