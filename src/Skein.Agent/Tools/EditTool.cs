using System.Text.Json;
using Skein.Core;

namespace Skein.Agent.Tools;

/// <summary>Replaces pieces of a text file, all or none; encoding, line endings and mode stay.</summary>
internal sealed class EditTool(ToolSettings settings) : ITool
{
    private const int MostEdits = 200;

    public string Name => "edit";

    public string Description { get; } = ToolTexts.Description("edit");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "path": { "type": "string", "description": "The file: relative to the workspace, or absolute." },
            "old_string": { "type": "string", "minLength": 1, "description": "The text to replace, exactly as it is in the file, without line numbers." },
            "new_string": { "type": "string", "description": "What stands there instead." },
            "replace_all": { "type": "boolean", "description": "Replace it wherever it is. Default: false, and then it must be there once." },
            "edits": {
              "type": "array", "minItems": 1, "maxItems": 200,
              "description": "Several edits of the file, instead of old_string and new_string: each is made to what those before it left, and if one cannot be made none is.",
              "items": {
                "type": "object",
                "properties": { "old_string": { "type": "string", "minLength": 1 }, "new_string": { "type": "string" }, "replace_all": { "type": "boolean" } },
                "required": ["old_string", "new_string"],
                "additionalProperties": false
              }
            }
          },
          "required": ["path"],
          "additionalProperties": false
        }
        """);

    public async ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (path, edits) = Parse(arguments, context);
        var intent = new ToolIntent(ToolEffect.Edit, path.Subject, $"edit {ToolTexts.OneLine(path.Subject, 200)}", Outside: path.Outside, Named: path.Named);
        try
        {
            context.Bench.Seen.RequireUnchanged(path);
            var file = await TextFile.ReadAsync(path, cancellationToken);
            return intent with { Detail = UnifiedDiff.Of(path.Subject, file.Text, Apply(edits, path.Subject, file.Text).Text) };
        }
        catch (ToolInputException) when (path.Outside)
        {
            // Nobody allowed the model to learn what is in that file yet; the call itself will tell.
            return intent;
        }
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (path, edits) = Parse(arguments, context);
        context.Bench.Seen.RequireUnchanged(path);
        var file = await TextFile.ReadAsync(path, cancellationToken);
        var (text, count) = Apply(edits, path.Subject, file.Text);
        try
        {
            await JudgedFile.WriteAsync(path.Real, file.Encode(text), cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolInputException($"'{path.Subject}' cannot be written: {e.Message}");
        }

        context.Bench.Seen.Note(path.Real, SeenFiles.Look(path.Real));
        return new ToolOutput(
            $"Replaced {count} {(count == 1 ? "place" : "places")} in '{path.Subject}'.", Metadata: ToolTexts.Metadata(("replaced", count)));
    }

    private static (string Text, int Count) Apply(IReadOnlyList<TextEdit> edits, string subject, string text)
    {
        var places = 0;
        for (var i = 0; i < edits.Count; i++)
        {
            try
            {
                (text, var count) = edits[i].Apply(subject, text);
                places += count;
            }
            catch (ToolInputException e) when (edits.Count > 1)
            {
                throw new ToolInputException($"Edit {i + 1} of {edits.Count} cannot be made, so none was. {e.Message}");
            }
        }

        return (text, places);
    }

    private (ToolPath Path, IReadOnlyList<TextEdit> Edits) Parse(JsonElement json, ToolContext context)
    {
        var arguments = new ToolArguments(Name, json, "path", "old_string", "new_string", "replace_all", "edits");
        var path = ToolPath.Resolve(arguments.Text("path"), context, settings);
        if (arguments.OptionalList("edits", MostEdits) is not { } several)
            return (path, [Edit(arguments)]);

        if (arguments.OptionalText("old_string") is not null || arguments.OptionalText("new_string") is not null)
            throw new ToolInputException("'edit' takes either 'edits' or 'old_string' and 'new_string', not both.");
        return (path, [.. several.Select(edit => Edit(new ToolArguments("edit", edit, "old_string", "new_string", "replace_all")))]);
    }

    private static TextEdit Edit(ToolArguments arguments)
    {
        var edit = new TextEdit(arguments.Text("old_string"), arguments.Text("new_string"), arguments.Flag("replace_all"));
        if (edit.Old.Length == 0)
            throw new ToolInputException("'old_string' must not be empty: to make a file or to replace all of it, use 'write'.");
        if (edit.Old == edit.New)
            throw new ToolInputException("'old_string' and 'new_string' are the same: there is nothing to change.");
        return edit;
    }
}
