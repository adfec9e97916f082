using System.Text.Json;
using Skein.Core;

namespace Skein.Agent.Tools;

/// <summary>Replaces a piece of a text file; encoding, line endings and mode stay.</summary>
internal sealed class EditTool(ToolSettings settings) : ITool
{
    public string Name => "edit";

    public string Description { get; } = ToolTexts.Description("edit");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "path": { "type": "string", "description": "The file: relative to the workspace, or absolute." },
            "old_string": { "type": "string", "minLength": 1, "description": "The text to replace, exactly as it is in the file, without line numbers." },
            "new_string": { "type": "string", "description": "What stands there instead." },
            "replace_all": { "type": "boolean", "description": "Replace it wherever it is. Default: false, and then it must be there once." }
          },
          "required": ["path", "old_string", "new_string"],
          "additionalProperties": false
        }
        """);

    public async ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (path, edit) = Parse(arguments, context);
        var intent = new ToolIntent(ToolEffect.Edit, path.Subject, $"edit {ToolTexts.OneLine(path.Subject, 200)}", Outside: path.Outside, Named: path.Named);
        try
        {
            var file = await TextFile.ReadAsync(path, cancellationToken);
            return intent with { Detail = UnifiedDiff.Of(path.Subject, file.Text, edit.Apply(path.Subject, file.Text).Text) };
        }
        catch (ToolInputException) when (path.Outside)
        {
            // Nobody allowed the model to learn what is in that file yet; the call itself will tell.
            return intent;
        }
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (path, edit) = Parse(arguments, context);
        var file = await TextFile.ReadAsync(path, cancellationToken);
        var (text, count) = edit.Apply(path.Subject, file.Text);
        try
        {
            await AtomicFile.WriteAsync(path.Real, file.Encode(text), mode: null, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolInputException($"'{path.Subject}' cannot be written: {e.Message}");
        }

        return new ToolOutput(
            $"Replaced {count} {(count == 1 ? "place" : "places")} in '{path.Subject}'.", Metadata: ToolTexts.Metadata(("replaced", count)));
    }

    private (ToolPath Path, TextEdit Edit) Parse(JsonElement json, ToolContext context)
    {
        var arguments = new ToolArguments(Name, json, "path", "old_string", "new_string", "replace_all");
        var path = ToolPath.Resolve(arguments.Text("path"), context, settings);
        var edit = new TextEdit(arguments.Text("old_string"), arguments.Text("new_string"), arguments.Flag("replace_all"));
        if (edit.Old.Length == 0)
            throw new ToolInputException("'old_string' must not be empty: to make a file or to replace all of it, use 'write'.");
        if (edit.Old == edit.New)
            throw new ToolInputException("'old_string' and 'new_string' are the same: there is nothing to change.");

        return (path, edit);
    }
}
