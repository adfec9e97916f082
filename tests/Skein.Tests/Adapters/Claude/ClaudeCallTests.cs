using System.Runtime.Versioning;
using System.Text.Json;
using Skein.Adapters.Claude;
using Skein.Adapters.Driving;
using Skein.Testing;

namespace Skein.Tests.Adapters.Claude;

[UnsupportedOSPlatform("windows")]
public sealed class ClaudeCallTests
{
    [Theory]
    [InlineData("Read", true)]
    [InlineData("WebFetch", true)]
    [InlineData("TodoWrite", true)]
    [InlineData("Bash", false)]
    [InlineData("Edit", false)]
    [InlineData("Task", false)]
    [InlineData("mcp__files__read", false)]
    public void Only_tools_that_are_known_are_known_to_change_no_file(string tool, bool reads) => Assert.Equal(reads, ClaudeCall.Reads(tool));

    [Theory]
    [InlineData("Write", "a.txt", AgentEffect.Edit)]
    [InlineData("Write", "../a.txt", AgentEffect.Execute)]
    [InlineData("Write", "/etc/hosts", AgentEffect.Execute)]
    [InlineData("Write", "out/a.txt", AgentEffect.Execute)]
    [InlineData("Edit", "round/a.txt", AgentEffect.Execute)]
    [InlineData("Read", "a.txt", AgentEffect.Read)]
    [InlineData("Read", "out/a.txt", AgentEffect.Execute)]
    [InlineData("Read", "/etc/hosts", AgentEffect.Execute)]
    [InlineData("Bash", "a.txt", AgentEffect.Execute)]
    public void What_leads_out_of_the_workspace_is_more_than_a_read_or_an_edit_also_through_a_link(string tool, string path, AgentEffect effect)
    {
        using var folder = new TempFolder();
        var workspace = Directory.CreateDirectory(folder.Below("workspace")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(workspace, "out"), folder.Path);
        Directory.CreateSymbolicLink(Path.Combine(workspace, "round"), Path.Combine(workspace, "round"));

        var input = JsonSerializer.SerializeToElement(new { file_path = path });

        Assert.Equal(effect, ClaudeCall.EffectOf(tool, input, workspace));
    }
}
