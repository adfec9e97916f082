using System.Collections.Concurrent;
using System.Text.Json;
using Skein.Agent.Compaction;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Sandbox;

namespace Skein.Agent.Prompts;

/// <summary>
/// The instructions of folders below the workspace: told with the first result about something in them, so that the parts of a large
/// project cost nothing until they are touched. Made for one turn.
/// </summary>
internal sealed class NestedInstructions
{
    private const int Most = 16_000;

    // The tools whose 'path' says what is touched.
    private static readonly string[] s_touching = ["read", "write", "edit", "list", "glob", "grep"];

    private readonly ConcurrentDictionary<string, bool> _looked = new(StringComparer.Ordinal);

    public static Toolbox Extend(Toolbox own)
    {
        var instructions = new NestedInstructions();
        return own with { Tools = [.. own.Tools.Select(t => s_touching.Contains(t.Name) ? new TouchingTool(t, instructions) : t)] };
    }

    private async Task<string> AboutAsync(string path, ToolContext context, CancellationToken cancellationToken)
    {
        var workspace = RealPath.Of(context.Workspace);
        var told = "";
        for (var folder = FolderOf(RealPath.Of(Path.GetFullPath(path, workspace))); folder != workspace && RealPath.IsWithin(workspace, folder); folder = Path.GetDirectoryName(folder)!)
        {
            if (!_looked.TryAdd(folder, true) || await ProjectInstructions.ReadFirstAsync(folder, workspace, Most, cancellationToken) is not var (file, text))
                continue;

            var head = $"[The project's instructions for {Path.GetRelativePath(workspace, folder)}, from {file}]";
            if (!WasTold(context, head))
                told = $"\n\n{head}\n{text.Trim()}{told}";
        }

        return told;
    }

    private static string FolderOf(string path) => Directory.Exists(path) ? path : Path.GetDirectoryName(path)!;

    // What was told and is no longer sent is told again.
    private static bool WasTold(ToolContext context, string head) =>
        ContextWindow.Of(context.Turn.Messages).Tail.SelectMany(Pruning.Sent).Any(p => p is ToolResultPart result && result.Output.Contains(head, StringComparison.Ordinal));

    /// <summary>A tool that tells, with what it answers, the instructions that hold there.</summary>
    private sealed class TouchingTool(ITool tool, NestedInstructions instructions) : ITool
    {
        public string Name => tool.Name;
        public string Description => tool.Description;
        public JsonElement Parameters => tool.Parameters;

        public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken) =>
            tool.DescribeAsync(arguments, context, cancellationToken);

        public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
        {
            var output = await tool.RunAsync(arguments, context, cancellationToken);
            if (!arguments.TryGetProperty("path", out var path) || path.ValueKind != JsonValueKind.String)
                return output;

            var told = await instructions.AboutAsync(path.GetString()!, context, cancellationToken);
            return told.Length == 0 ? output : output with { Text = output.Text + told };
        }
    }
}
