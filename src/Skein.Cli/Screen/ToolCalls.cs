using System.Text.Json;
using Skein.Core;

namespace Skein.Cli.Screen;

/// <summary>A call of a tool as a person reads it: one line, and a little of what it answered.</summary>
internal static class ToolCalls
{
    private const int LinesShown = 6;
    private const int LinesOfEditShown = 12;
    private const int LongestTitle = 200;
    private const int LongestLine = 1000;

    // What they answer is for the model; that they were called is enough for people.
    private static readonly string[] s_quiet = ["read", "glob", "grep", "list", "fetch"];

    // The argument that says best what a call is about, as the tools of all agents call it; where there is none of these, and no list of
    // changed files, the arguments are shown as they are.
    private static readonly string[] s_telling = ["command", "path", "file_path", "filePath", "notebook_path", "pattern", "url", "query", "title"];

    public static string Title(string tool, string? title)
    {
        var line = TerminalText.CleanLine(title ?? "");
        if (line.Length == 0)
            return Cut(tool);

        // A command says of itself what it is.
        var telling = line == tool || line.StartsWith(tool + " ", StringComparison.Ordinal) || line.StartsWith("$ ", StringComparison.Ordinal);
        return Cut(telling ? line : $"{tool} {line}");
    }

    public static string Title(ToolCallPart call)
    {
        if (call.Arguments.ValueKind == JsonValueKind.Object)
        {
            foreach (var name in s_telling)
            {
                if (call.Arguments.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
                    return Title(call.Tool, name == "command" ? $"$ {value.GetString()}" : value.GetString());
            }

            if (call.Arguments.TryGetProperty("changes", out var changes) && changes.ValueKind == JsonValueKind.Array && PathsOf(changes) is { Length: > 0 } paths)
                return Title(call.Tool, paths);
        }

        return Title(call.Tool, call.Arguments.ValueKind == JsonValueKind.Undefined || call.Arguments.GetRawText() == "{}" ? null : call.Arguments.GetRawText());
    }

    /// <param name="result">Null: there is none, and none will come.</param>
    /// <param name="edits">What it changed, as lines of a diff; they are shown in the place of an answer that only says that it was done.</param>
    public static void Show(Terminal terminal, string tool, string title, ToolResultPart? result, IReadOnlyList<string> edits, TimeSpan? took)
    {
        var isError = result?.IsError ?? true;
        terminal.EndLine();
        var room = terminal.IsTerminal ? Math.Max(20, terminal.Width - 14) : LongestTitle;
        terminal.WriteLine(
            (isError ? "✗ " : "✓ ", isError ? Style.Bad : Style.Good),
            (TextWidth.Cut(title, room), Style.Bold),
            (took is { } time ? $"  {Spans.Took(time)}" : "", Style.Dim));
        if (!isError && edits.Count > 0)
            ShowFolded(terminal, [.. edits.SelectMany(static line => TerminalText.Clean(line).Split('\n'))], LinesOfEditShown, null, CodeColors.OfDiff);
        else if (isError || !s_quiet.Contains(tool))
            ShowFolded(terminal, LinesOf(result?.Output ?? "it has no result"), tool == "todo" ? int.MaxValue : LinesShown, result?.Whole, static _ => Style.Dim);
    }

    /// <summary>Everything: what the tool was given, and all that it answered.</summary>
    /// <param name="whole">Its output where the result holds only a part of it.</param>
    public static void ShowWhole(Terminal terminal, ToolCallPart call, ToolResultPart? result, string? whole)
    {
        terminal.EndLine();
        terminal.WriteLine(result switch
        {
            null => ("◌ ", Style.Dim),
            { IsError: true } => ("✗ ", Style.Bad),
            _ => ("✓ ", Style.Good),
        }, (Title(call), Style.Bold));
        if (call.Arguments.ValueKind != JsonValueKind.Undefined)
        {
            foreach (var line in Indented(call.Arguments).Split('\n'))
                terminal.WriteLine("  ▸ " + line, Style.Dim);
        }

        foreach (var line in TerminalText.Clean(whole ?? result?.Output ?? "no result yet").TrimEnd('\n').Split('\n'))
            terminal.WriteLine("  │ " + line);
    }

    private static string PathsOf(JsonElement changes) => string.Join(", ", changes.EnumerateArray()
        .Select(c => c.ValueKind == JsonValueKind.Object && c.TryGetProperty("path", out var path) && path.ValueKind == JsonValueKind.String ? path.GetString() : null).OfType<string>());

    private static string Indented(JsonElement arguments)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            arguments.WriteTo(writer);
        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static string[] LinesOf(string output) => TerminalText.Clean(output).Trim('\n') is { Length: > 0 } text ? text.Split('\n') : [];

    /// <param name="whole">Of what the lines are only the beginning and the end: how many there are is not known here.</param>
    private static void ShowFolded(Terminal terminal, string[] lines, int most, BlobRef? whole, Func<string, Style> styleOf)
    {
        // The end of an output tells how it went, its beginning what it was.
        var fold = lines.Length > most ? most / 2 : lines.Length;
        foreach (var line in lines.AsSpan(0, fold))
            ShowLine(terminal, line, styleOf(line));
        if (fold == lines.Length)
            return;
        ShowLine(terminal, whole is null ? $"… {lines.Length - most + 1} more lines" : $"… {Spans.Bytes(whole.Size)} in all: skein show --tools", Style.Dim);
        foreach (var line in lines.AsSpan(lines.Length - (most - fold - 1)))
            ShowLine(terminal, line, styleOf(line));
    }

    private static void ShowLine(Terminal terminal, string line, Style style)
    {
        var text = line.Replace("\t", "    ", StringComparison.Ordinal);
        terminal.WriteLine(("  │ ", Style.Dim), (TextWidth.Cut(text, terminal.IsTerminal ? Math.Max(10, terminal.Width - 4) : LongestLine), style));
    }

    private static string Cut(string title) => TextWidth.Cut(title, LongestTitle);
}
