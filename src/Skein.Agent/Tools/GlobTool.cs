using System.Globalization;
using System.Text;
using System.Text.Json;
using Skein.Agent.Tools.Searching;

namespace Skein.Agent.Tools;

/// <summary>Finds files by their path.</summary>
internal sealed class GlobTool(ToolSettings settings) : ITool
{
    private const int MostFiles = 1000;

    public string Name => "glob";

    public string Description { get; } = ToolTexts.Description("glob");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "pattern": { "type": "string", "minLength": 1, "description": "For example **/*.cs or src/{a,b}/*.md." },
            "path": { "type": "string", "description": "The folder to look in. Default: the workspace." }
          },
          "required": ["pattern"],
          "additionalProperties": false
        }
        """);

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (folder, pattern, _) = Parse(arguments, context);
        return ValueTask.FromResult(folder.Reading($"glob {ToolTexts.OneLine(pattern, 100)} in {ToolTexts.OneLine(folder.Subject, 100)}"));
    }

    public Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (folder, pattern, globs) = Parse(arguments, context);
        if (!Directory.Exists(folder.Real))
            throw new ToolInputException($"There is no folder '{folder.Subject}'.");

        return Task.Run(FindAsync, cancellationToken);

        async Task<ToolOutput> FindAsync()
        {
            var text = new StringBuilder();
            var count = 0;
            await foreach (var found in new FileWalk(context, settings).BelowAsync(folder, int.MaxValue, cancellationToken))
            {
                if (found.IsFolder || !globs.Any(glob => glob.Matches(found.Below)))
                    continue;

                if (++count > MostFiles)
                {
                    text.Append(CultureInfo.InvariantCulture, $"(More than {MostFiles} files match: narrow the pattern or the path.)\n");
                    break;
                }

                text.Append(folder.Subject == "." ? found.Below : $"{folder.Subject}/{found.Below}").Append('\n');
            }

            return new ToolOutput(
                count == 0 ? $"No file matches '{pattern}'." : text.ToString(), Metadata: ToolTexts.Metadata(("files", Math.Min(count, MostFiles))));
        }
    }

    private (ToolPath Folder, string Pattern, IReadOnlyList<Glob> Globs) Parse(JsonElement json, ToolContext context)
    {
        var arguments = new ToolArguments(Name, json, "pattern", "path");
        var pattern = arguments.Text("pattern");
        if (pattern.Length == 0 || pattern.StartsWith('/') || pattern.Split('/').Contains(".."))
            throw new ToolInputException($"'pattern' must be relative to 'path' and without '..', not '{ToolTexts.OneLine(pattern, 80)}'.");

        var path = arguments.OptionalText("path") ?? ".";
        return (ToolPath.Resolve(path, context, settings), pattern, [.. Glob.ExpandBraces(pattern).Select(Glob.ForPaths)]);
    }
}
