namespace Skein.Agent.Tools;

/// <summary>The tools that the built-in agent has of itself.</summary>
public static class BuiltInTools
{
    /// <summary>All of them; what they keep between calls is on the session's <see cref="Workbench"/>, so that one set serves every session.</summary>
    public static IReadOnlyList<ITool> All(ToolSettings settings) =>
    [
        new ReadTool(settings),
        new WriteTool(settings),
        new EditTool(settings),
        new BashTool(settings),
        new JobTool(settings),
        new GlobTool(settings),
        new GrepTool(settings),
        new ListTool(settings),
        new FetchTool(settings),
        new TodoTool(),
    ];
}
