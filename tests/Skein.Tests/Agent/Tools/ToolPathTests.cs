using System.Runtime.Versioning;
using Skein.Agent.Permissions;
using Skein.Agent.Tools;
using Skein.Core.Events;

namespace Skein.Tests.Agent.Tools;

[UnsupportedOSPlatform("windows")]
public sealed class ToolPathTests : ToolBench
{
    [Fact]
    public async Task A_subject_is_the_real_path_relative_to_the_workspace()
    {
        Put("src/a.cs", "");
        Directory.CreateSymbolicLink(At("alias"), "src");

        Assert.Equal(new ToolIntent(ToolEffect.Read, "src/a.cs", "read src/a.cs"), await DescribeAsync("read", new() { ["path"] = "alias/../alias/./a.cs" }));
        Assert.Equal("src/a.cs", (await DescribeAsync("read", new() { ["path"] = At("src/a.cs") })).Subject);
        Assert.Equal(".", (await DescribeAsync("list", [])).Subject);
    }

    [Theory]
    [InlineData("../outside/file")]
    [InlineData("link/file")]
    [InlineData("link/new/deep/file")]
    [InlineData("dangling")]
    [InlineData("chain")]
    public async Task What_links_or_dots_lead_out_of_the_workspace_to_is_outside(string path)
    {
        Directory.CreateSymbolicLink(At("link"), Outside);
        File.CreateSymbolicLink(At("dangling"), "../outside/missing");
        File.CreateSymbolicLink(At("chain"), "dangling");

        var intent = await DescribeAsync("write", new() { ["path"] = path, ["content"] = "" });

        Assert.True(intent.Outside);
        Assert.StartsWith(Outside + "/", intent.Subject, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CLAUDE.md")]
    [InlineData(".claude/settings.json")]
    [InlineData("src/../.claude/new/deep.json")]
    public async Task What_is_obeyed_later_is_asked_for_also_where_its_name_is_a_link(string path)
    {
        Put("docs/agents.txt", "a\n");
        Directory.CreateDirectory(At("shared"));
        File.CreateSymbolicLink(At("CLAUDE.md"), "docs/agents.txt");
        Directory.CreateSymbolicLink(At(".claude"), "shared");

        var intent = await DescribeAsync("write", new() { ["path"] = path, ["content"] = "" });

        Assert.Equal(new PermissionDecision.Ask(null), new PermissionRules([], [], []).Decide(PermissionMode.Auto, "write", intent));
    }

    [Fact]
    public async Task A_folder_whose_name_only_begins_like_the_workspace_is_outside()
    {
        var intent = await DescribeAsync("read", new() { ["path"] = "../work-2/file" });

        Assert.Equal((Workspace + "-2/file", true), (intent.Subject, intent.Outside));
    }

    [Fact]
    public async Task A_link_back_into_the_workspace_is_inside()
    {
        Put("real.txt", "here\n");
        File.CreateSymbolicLink(Path.Combine(Outside, "back"), At("real.txt"));

        Assert.Equal(("real.txt", false), await SubjectAsync(Path.Combine(Outside, "back")));
    }

    [Fact]
    public async Task A_workspace_that_is_itself_named_by_a_link_is_the_folder_it_leads_to()
    {
        Put("a.txt", "");
        var link = Path.Combine(Outside, "workspace");
        Directory.CreateSymbolicLink(link, Workspace);

        var intent = await Tool("read").DescribeAsync(Json(new() { ["path"] = "a.txt" }), new ToolContext(link, null!), Cancellation);

        Assert.Equal(("a.txt", false), (intent.Subject, intent.Outside));
    }

    [Fact]
    public async Task Links_in_a_circle_are_an_error()
    {
        File.CreateSymbolicLink(At("a"), "b");
        File.CreateSymbolicLink(At("b"), "a");

        Assert.Contains("more than 40 links", await RefusedAsync("read", new() { ["path"] = "a" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Skein_s_own_folders_are_reached_by_no_tool()
    {
        Put("home/trust.json", "secret words");
        Directory.CreateSymbolicLink(At("link"), "home");
        Settings = Settings with { HiddenFolders = [At("home")] };

        foreach (var path in new[] { "home", "home/trust.json", "link/trust.json" })
        {
            Assert.Contains("cannot reach", await RefusedAsync("read", new() { ["path"] = path }), StringComparison.Ordinal);
            Assert.Contains("cannot reach", await RefusedAsync("write", new() { ["path"] = path, ["content"] = "" }), StringComparison.Ordinal);
        }

        Assert.Equal("link (link)\n", await TextAsync("list", []));
        Assert.Equal("Nothing matches.\n", await TextAsync("grep", new() { ["pattern"] = "secret" }));
    }

    private async Task<(string, bool)> SubjectAsync(string path)
    {
        var intent = await DescribeAsync("read", new() { ["path"] = path });
        return (intent.Subject, intent.Outside);
    }
}
