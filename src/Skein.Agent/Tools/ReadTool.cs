using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Skein.Agent.Tools;

/// <summary>Shows a text file with numbered lines.</summary>
internal sealed class ReadTool(ToolSettings settings) : ITool
{
    private const int MostLines = 2000;
    private const int MostCharactersOfLine = 2000;
    private const int MostCharacters = 256 * 1024;

    public string Name => "read";

    public string Description { get; } = ToolTexts.Description("read");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "path": { "type": "string", "description": "The file: relative to the workspace, or absolute." },
            "offset": { "type": "integer", "minimum": 1, "description": "The first line to show; 1 is the first. Default: 1." },
            "limit": { "type": "integer", "minimum": 1, "maximum": 2000, "description": "The most lines to show. Default: 2000." }
          },
          "required": ["path"],
          "additionalProperties": false
        }
        """);

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var path = Call.Parse(arguments, context, settings).Path;
        return ValueTask.FromResult(path.Reading($"read {ToolTexts.OneLine(path.Subject, 200)}"));
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var call = Call.Parse(arguments, context, settings);
        var path = call.Path;
        if (TextFile.Size(path) == 0 && !IsKernelFile(path.Real))
            return new ToolOutput($"'{path.Subject}' is empty.", Metadata: ToolTexts.Metadata(("lines", 0)));

        try
        {
            using var file = await TextFile.OpenAsync(path.Real, cancellationToken)
                ?? throw new ToolInputException($"'{path.Subject}' is binary: look at it with a command in 'bash' that understands it.");
            return await ShowAsync(file, call, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolInputException($"'{path.Subject}' cannot be read: {e.Message}");
        }
    }

    private static async Task<ToolOutput> ShowAsync(StreamReader file, Call call, CancellationToken cancellationToken)
    {
        var lines = new LineReader(file, MostCharactersOfLine);
        for (var skipped = 1; skipped < call.Offset; skipped++)
        {
            if (await lines.ReadAsync(cancellationToken) is null)
                throw new ToolInputException($"'{call.Path.Subject}' has {skipped - 1} lines: 'offset' {call.Offset} is beyond its end.");
        }

        var text = new StringBuilder();
        var number = call.Offset;
        for (; number < call.Offset + call.Limit && text.Length < MostCharacters; number++)
        {
            if (await lines.ReadAsync(cancellationToken) is not { } line)
                return Output();

            text.Append(CultureInfo.InvariantCulture, $"{number,6}\t{line}");
            if (lines.LeftOut > 0)
                text.Append(CultureInfo.InvariantCulture, $"… ({lines.LeftOut} more characters)");
            text.Append('\n');
        }

        if (await lines.ReadAsync(cancellationToken) is not null)
            text.Append(CultureInfo.InvariantCulture, $"(The file goes on: read it with offset {number}.)\n");
        return Output();

        ToolOutput Output() => new(text.ToString(), Metadata: ToolTexts.Metadata(("lines", number - call.Offset)));
    }

    // What the kernel makes up when it is read says that it is empty.
    private static bool IsKernelFile(string path) =>
        path.StartsWith("/proc/", StringComparison.Ordinal) || path.StartsWith("/sys/", StringComparison.Ordinal);

    private sealed record Call(ToolPath Path, int Offset, int Limit)
    {
        public static Call Parse(JsonElement json, ToolContext context, ToolSettings settings)
        {
            var arguments = new ToolArguments("read", json, "path", "offset", "limit");
            return new Call(
                ToolPath.Resolve(arguments.Text("path"), context, settings),
                arguments.Number("offset", otherwise: 1, least: 1, most: int.MaxValue / 2),
                arguments.Number("limit", otherwise: MostLines, least: 1, most: MostLines));
        }
    }
}
