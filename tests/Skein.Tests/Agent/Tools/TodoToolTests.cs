using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Testing;

namespace Skein.Tests.Agent.Tools;

[UnsupportedOSPlatform("windows")]
public sealed class TodoToolTests : ToolBench
{
    private static JsonObject Items => new() { ["items"] = new JsonArray(Item("look", "done"), Item("mend", "doing"), Item("test", "open")) };

    [Fact]
    public async Task The_list_is_written_whole_and_shown()
    {
        var intent = await DescribeAsync("todo", Items);

        Assert.Equal(new ToolIntent(ToolEffect.Read, "todo", "todo 1 of 3 done"), intent);
        Assert.Equal("☑ look\n▶ mend\n☐ test\n", await TextAsync("todo", Items));
        Assert.Equal("☑ look\n▶ mend\n☐ test\n", await TextAsync("todo", []));
    }

    [Fact]
    public async Task After_a_restart_it_is_what_the_log_has()
    {
        Assert.Equal("The list is empty.", await TextAsync("todo", []));
        Bench.Todos = null;
        Turn = new FakeTurn(Sample.Session(null), [Sample.Assistant(null, new ToolCallPart("1", "todo", Json(Items)), new ToolResultPart("1", "…"), new ToolCallPart("2", "todo", Json([])), new ToolResultPart("2", "no", IsError: true))]);

        Assert.Equal("☑ look\n▶ mend\n☐ test\n", await TextAsync("todo", []));
    }

    [Fact]
    public async Task What_breaks_a_rule_is_named()
    {
        Assert.Equal("'state' of an item must be open, doing or done, not 'later'.", await RefusedAsync("todo", new() { ["items"] = new JsonArray(Item("x", "later")) }));
        Assert.Equal("'text' of an item must not be empty.", await RefusedAsync("todo", new() { ["items"] = new JsonArray(Item(" ", "open")) }));
    }

    private static JsonObject Item(string text, string state) => new() { ["text"] = text, ["state"] = state };
}
