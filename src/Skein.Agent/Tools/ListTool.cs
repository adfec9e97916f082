using System.Globalization;
using System.Text;
using System.Text.Json;
using Skein.Agent.Tools.Searching;

namespace Skein.Agent.Tools;

/// <summary>Shows a folder as a tree.</summary>
internal sealed class ListTool(ToolSettings settings) : ITool
{
    private const int MostEntries = 1000;
    private const int DefaultDepth = 3;
    private const int MostDepth = 20;

    public string Name => "list";

    public string Description { get; } = ToolTexts.Description("list");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "path": { "type": "string", "description": "The folder. Default: the workspace." },
            "depth": { "type": "integer", "minimum": 1, "maximum": 20, "description": "How many levels. Default: 3." }
          },
          "additionalProperties": false
        }
        """);

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (folder, _) = Parse(arguments, context);
        return ValueTask.FromResult(folder.Reading($"list {ToolTexts.OneLine(folder.Subject, 200)}"));
    }

    public Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (folder, depth) = Parse(arguments, context);
        if (!Directory.Exists(folder.Real))
        {
            throw new ToolInputException(File.Exists(folder.Real)
                ? $"'{folder.Subject}' is a file: use the tool 'read'."
                : $"There is no folder '{folder.Subject}'.");
        }

        return Task.Run(ShowAsync, cancellationToken);

        async Task<ToolOutput> ShowAsync()
        {
            var text = new StringBuilder();
            var count = 0;
            await foreach (var found in new FileWalk(context, settings).BelowAsync(folder, depth, cancellationToken))
            {
                if (++count > MostEntries)
                {
                    text.Append(CultureInfo.InvariantCulture, $"(More than {MostEntries} entries: list a folder in it, or with less depth.)\n");
                    break;
                }

                text.Append(' ', 2 * found.Depth).Append(found.Name).Append(found.IsFolder ? "/" : found.IsLink ? " (link)" : "").Append('\n');
            }

            return new ToolOutput(
                count == 0 ? $"'{folder.Subject}' is empty, or everything in it is ignored." : text.ToString(),
                Metadata: ToolTexts.Metadata(("entries", Math.Min(count, MostEntries))));
        }
    }

    private (ToolPath Folder, int Depth) Parse(JsonElement json, ToolContext context)
    {
        var arguments = new ToolArguments(Name, json, "path", "depth");
        return (ToolPath.Resolve(arguments.OptionalText("path") ?? ".", context, settings), arguments.Number("depth", DefaultDepth, 1, MostDepth));
    }
}
