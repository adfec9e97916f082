using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Skein.Agent.Tools;

/// <summary>Shows a text file with numbered lines, a picture, or the whole of an output of which only a part was shown.</summary>
internal sealed partial class ReadTool(ToolSettings settings) : ITool
{
    private const int MostLines = 2000;
    private const int MostCharactersOfLine = 2000;
    private const int MostCharacters = 256 * 1024;

    // What providers take of one picture, as it grows by a third on its way.
    private const int MostImageBytes = 3_700_000;

    public string Name => "read";

    public string Description { get; } = ToolTexts.Description("read");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "path": { "type": "string", "description": "The file: relative to the workspace, or absolute; or output:… as an output that was cut names it." },
            "offset": { "type": "integer", "description": "The first line to show; 1 is the first, -1 the last, -100 begins the last hundred. Default: 1." },
            "limit": { "type": "integer", "minimum": 1, "maximum": 2000, "description": "The most lines to show. Default: 2000." }
          },
          "required": ["path"],
          "additionalProperties": false
        }
        """);

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var call = Call.Parse(arguments);
        if (call.Output is not null)
            return ValueTask.FromResult(new ToolIntent(ToolEffect.Read, call.Path, $"read {call.Path[..16]}…"));

        var path = ToolPath.Resolve(call.Path, context, settings);
        return ValueTask.FromResult(path.Reading($"read {ToolTexts.OneLine(path.Subject, 200)}"));
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var call = Call.Parse(arguments);
        if (call.Output is { } sha256)
        {
            await using var output = await context.Turn.FindBlobAsync(sha256, cancellationToken)
                ?? throw new ToolInputException($"There is no output '{call.Path}' (any more).");
            using var text = new StreamReader(output, Encoding.UTF8);
            return await ShowAsync(text, call.Path, call, cancellationToken);
        }

        var path = ToolPath.Resolve(call.Path, context, settings);
        var stamp = SeenFiles.Look(path.Real);
        if (TextFile.Size(path) == 0 && TextFile.IsEmpty(path.Real))
            return new ToolOutput($"'{path.Subject}' is empty.", Metadata: ToolTexts.Metadata(("lines", 0)));

        try
        {
            var output = await ImageAsync(path, cancellationToken) ?? await TextAsync(path, call, cancellationToken);
            context.Bench.Seen.Note(path.Real, stamp);
            return output;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolInputException($"'{path.Subject}' cannot be read: {e.Message}");
        }
    }

    private static async Task<ToolOutput?> ImageAsync(ToolPath path, CancellationToken cancellationToken)
    {
        await using var file = JudgedFile.OpenRead(path.Real);
        var start = new byte[ImageKind.Looked];
        var read = await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        if (ImageKind.Of(start.AsSpan(0, read)) is not { } type)
            return null;

        if (file.Length > MostImageBytes)
            throw new ToolInputException($"'{path.Subject}' is a picture ({type}) of {file.Length:N0} bytes, more than the {MostImageBytes:N0} that can be shown to you: make a smaller one of it with a command.");

        var content = new byte[file.Length];
        file.Position = 0;
        await file.ReadExactlyAsync(content, cancellationToken);
        return new ToolOutput($"'{path.Subject}' is a picture ({type}, {content.Length:N0} bytes).", Metadata: ToolTexts.Metadata(("bytes", content.Length)))
        {
            Image = new OutputImage(path.Subject, type, content),
        };
    }

    private static async Task<ToolOutput> TextAsync(ToolPath path, Call call, CancellationToken cancellationToken)
    {
        using var file = await TextFile.OpenAsync(path.Real, cancellationToken)
            ?? throw new ToolInputException($"'{path.Subject}' is binary: look at it with a command in 'bash' that understands it.");
        if (call.Offset > 0)
            return await ShowAsync(file, path.Subject, call, cancellationToken);

        var lines = await LastLines.SeekAsync(file.BaseStream, -call.Offset, MostCharacters, cancellationToken);
        file.DiscardBufferedData();
        return await ShowAsync(file, path.Subject, call with { Offset = -lines }, cancellationToken);
    }

    private static async Task<ToolOutput> ShowAsync(StreamReader file, string subject, Call call, CancellationToken cancellationToken)
    {
        var lines = new LineReader(file, MostCharactersOfLine);
        for (var skipped = 1; skipped < call.Offset; skipped++)
        {
            if (await lines.ReadAsync(cancellationToken) is null)
                throw new ToolInputException($"'{subject}' has {skipped - 1} lines: 'offset' {call.Offset} is beyond its end.");
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

    [GeneratedRegex("^output:([0-9a-f]{64})$")]
    private static partial Regex OutputName();

    /// <param name="Output">The blob of an output; null: the path is that of a file.</param>
    private sealed record Call(string Path, string? Output, int Offset, int Limit)
    {
        public static Call Parse(JsonElement json)
        {
            var arguments = new ToolArguments("read", json, "path", "offset", "limit");
            var path = arguments.Text("path");
            var output = OutputName().Match(path) is { Success: true } match ? match.Groups[1].Value : null;
            var offset = arguments.Number("offset", otherwise: 1, least: output is null ? int.MinValue / 2 : 1, most: int.MaxValue / 2);
            return new Call(path, output, offset == 0 ? 1 : offset, arguments.Number("limit", otherwise: MostLines, least: 1, most: MostLines));
        }
    }
}
