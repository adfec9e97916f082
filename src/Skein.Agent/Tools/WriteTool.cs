using System.Text;
using System.Text.Json;
using Skein.Core;

namespace Skein.Agent.Tools;

/// <summary>Writes a whole file.</summary>
internal sealed class WriteTool(ToolSettings settings) : ITool
{
    public string Name => "write";

    public string Description { get; } = ToolTexts.Description("write");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "path": { "type": "string", "description": "The file: relative to the workspace, or absolute." },
            "content": { "type": "string", "description": "All that the file will hold." }
          },
          "required": ["path", "content"],
          "additionalProperties": false
        }
        """);

    public async ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (path, content) = Parse(arguments, context);
        var title = $"write {ToolTexts.OneLine(path.Subject, 200)}";
        return new ToolIntent(ToolEffect.Edit, path.Subject, title, await DiffAsync(path, content, cancellationToken), path.Outside, path.Named);
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (path, content) = Parse(arguments, context);
        var isNew = !File.Exists(path.Real);
        context.Bench.Seen.RequireUnchanged(path);
        if (!isNew)
            await HiddenSecrets.RequireKeptAsync(path, content, context.Turn.Redactor, cancellationToken);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path.Real)!);
            await JudgedFile.WriteAsync(path.Real, Encoding.UTF8.GetBytes(content), cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolInputException($"'{path.Subject}' cannot be written: {e.Message}");
        }

        context.Bench.Seen.Note(path.Real, SeenFiles.Look(path.Real));
        var bytes = Encoding.UTF8.GetByteCount(content);
        return new ToolOutput(
            $"{(isNew ? "Made" : "Replaced")} '{path.Subject}' ({bytes} bytes).", Metadata: ToolTexts.Metadata(("bytes", bytes)));
    }

    private static async Task<string> DiffAsync(ToolPath path, string content, CancellationToken cancellationToken)
    {
        if (!File.Exists(path.Real))
            return UnifiedDiff.Of(path.Subject, null, content);

        try
        {
            return UnifiedDiff.Of(path.Subject, (await TextFile.ReadAsync(path, cancellationToken)).Text, content);
        }
        catch (ToolInputException e)
        {
            // It may be replaced all the same; whoever is asked learns why there is no difference to see.
            return $"{e.Message}\nIt would be replaced by {content.Length} characters.";
        }
    }

    private (ToolPath Path, string Content) Parse(JsonElement json, ToolContext context)
    {
        var arguments = new ToolArguments(Name, json, "path", "content");
        var path = ToolPath.Resolve(arguments.Text("path"), context, settings);
        if (Directory.Exists(path.Real))
            throw new ToolInputException($"'{path.Subject}' is a folder: 'write' needs the path of a file.");

        return (path, arguments.Text("content"));
    }
}
