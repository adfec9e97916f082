using System.Buffers;
using System.Text.Json;
using Skein.Core;
using Skein.Sandbox.Confining;

namespace Skein.Agent.Tools;

/// <summary>The texts of tools: descriptions, which lie beside them as Markdown, and metadata.</summary>
internal static class ToolTexts
{
    /// <summary>The description of a built-in tool.</summary>
    public static string Description(string tool)
    {
        using var stream = typeof(ToolTexts).Assembly.GetManifestResourceStream($"tools/{tool}.md")
            ?? throw new InvalidOperationException($"The tool '{tool}' has no description.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Trim();
    }

    /// <summary>A small object for programs.</summary>
    public static JsonElement Metadata(params ReadOnlySpan<(string Name, long Value)> values)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in values)
                writer.WriteNumber(name, value);
            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <summary>What the model is told of files that were given another name.</summary>
    public static string? HeldNote(IReadOnlyList<string> held, string workspace)
    {
        var names = held.Select(path => Path.GetRelativePath(workspace, path));
        return held.Count == 0 ? null : $"[{string.Join(", ", names)}: agents or editors would obey it later, so what a command makes by that name is renamed to …{HeldBack.Ending}; make it with 'write', which asks]";
    }

    /// <summary>One line of at most <paramref name="most"/> characters.</summary>
    public static string OneLine(string text, int most)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var line = end < 0 ? text : text[..end] + " …";
        return line.Length <= most ? line : TextCut.Head(line, most - 1, "…");
    }
}
