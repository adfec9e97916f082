namespace Skein.Agent.Tools;

/// <summary>The tools that the built-in agent has of itself.</summary>
public static class BuiltInTools
{
    /// <summary>All of them; they keep nothing between calls, so that one set serves every session.</summary>
    public static IReadOnlyList<ITool> All(ToolSettings settings) =>
    [
        new ReadTool(settings),
        new WriteTool(settings),
        new EditTool(settings),
        new BashTool(settings),
        new GlobTool(settings),
        new GrepTool(settings),
        new ListTool(settings),
        new FetchTool(settings),
    ];
}
