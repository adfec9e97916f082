using System.Text;
using Skein.Sandbox;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using Skein.Core;

namespace Skein.Agent.Definitions;

/// <summary>
/// A Markdown file that begins with YAML between two lines of <c>---</c>, as skills and commands have it: its fields, read with rules that name file
/// and line, and the text below them.
/// </summary>
internal sealed class FrontMatter
{
    private const string Fence = "---";
    private const int MostBytes = 1 << 20;

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _file;
    private readonly Dictionary<string, YamlNode> _fields;

    private FrontMatter(string file, Dictionary<string, YamlNode> fields, string[] lines, int bodyFrom)
    {
        (_file, _fields) = (file, fields);
        BodyLine = Math.Max(bodyFrom, Array.FindIndex(lines, bodyFrom, line => line.Trim().Length > 0)) + 1;
        Body = string.Join('\n', lines[bodyFrom..]).Trim();
    }

    /// <summary>What stands below.</summary>
    public string Body { get; }

    /// <summary>The line that the body begins at, from 1.</summary>
    public int BodyLine { get; }

    /// <param name="isNeeded">False: a file without fields is all body.</param>
    /// <param name="mend">Makes YAML of a line that is none as others have it.</param>
    /// <exception cref="DefinitionException">It cannot be read, has no fields, or they are no YAML of the form <c>name: value</c>.</exception>
    public static FrontMatter Read(string file, bool isNeeded = true, Func<string, string>? mend = null)
    {
        var lines = ReadText(file).TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n');
        if (lines[0].TrimEnd() != Fence && !isNeeded)
            return new FrontMatter(file, [], lines, 0);
        if (lines[0].TrimEnd() != Fence)
            throw new DefinitionException(file, 1, $"must begin with a line '{Fence}', fields as 'name: value', and another line '{Fence}'.");

        var end = Array.FindIndex(lines, 1, line => line.TrimEnd() == Fence);
        if (end < 0)
            throw new DefinitionException(file, lines.Length, $"has no line '{Fence}' that ends its fields.");

        return new FrontMatter(file, Fields(file, mend is null ? lines[1..end] : [.. lines[1..end].Select(mend)]), lines, end + 1);
    }

    /// <summary>A field that must be there.</summary>
    /// <param name="most">Characters.</param>
    public string Text(string name, int most) =>
        OptionalText(name, most) ?? throw new DefinitionException(_file, 1, $"needs the field '{name}', a text of 1 to {most} characters.");

    public string? OptionalText(string name, int most)
    {
        if (!_fields.TryGetValue(name, out var node))
            return null;
        if (node is not YamlScalarNode { Value: { } value } || value.Trim() is not { Length: > 0 } text || text.Length > most)
            throw Wrong(name, $"must be a text of 1 to {most} characters.");
        return text;
    }

    /// <summary>A list, or what one line of text names; null where it is not there.</summary>
    /// <param name="split">Takes a line apart.</param>
    public IReadOnlyList<string>? OptionalList(string name, Func<string, IReadOnlyList<string>> split) => _fields.GetValueOrDefault(name) switch
    {
        null => null,
        YamlScalarNode { Value: { } line } => split(line),
        YamlSequenceNode items when items.All(static i => i is YamlScalarNode { Value.Length: > 0 }) => [.. items.Select(static i => ((YamlScalarNode)i).Value!)],
        _ => throw Wrong(name, "must be a text or a list of texts."),
    };

    /// <summary>The error for a field that breaks a rule of its owner's.</summary>
    public DefinitionException Wrong(string name, string rule) => new(_file, LineOf(_fields[name]), $"'{name}' {rule}");

    private static string ReadText(string file)
    {
        try
        {
            // What the system says is empty could be a pipe, which would never end.
            var length = RealPath.FileAt(file).Length;
            return length is > 0 and <= MostBytes
                ? Decoded(file)
                : throw new DefinitionException(file, 1, $"must be a file of 1 to {MostBytes} bytes, not {length}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DefinitionException(file, 1, $"cannot be read: {e.Message}");
        }
    }

    // What is no text would reach the model as noise.
    private static string Decoded(string file)
    {
        var bytes = File.ReadAllBytes(file);
        var wrong = Array.IndexOf<byte>(bytes, 0);
        try
        {
            if (wrong < 0)
                return s_utf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            wrong = e.Index;
        }

        throw new DefinitionException(file, bytes.AsSpan(0, wrong).Count((byte)'\n') + 1, "is no text in UTF-8.");
    }

    private static Dictionary<string, YamlNode> Fields(string file, string[] lines)
    {
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(string.Join('\n', lines)));
            if (yaml.Documents is not [{ RootNode: YamlMappingNode root }])
                throw new DefinitionException(file, 2, "must have fields as 'name: value'.");

            return root.Children.Where(static c => c.Key is YamlScalarNode { Value: not null }).ToDictionary(static c => ((YamlScalarNode)c.Key).Value!, static c => c.Value, StringComparer.Ordinal);
        }
        catch (YamlException e)
        {
            throw new DefinitionException(file, e.Start.Line + 1, $"is no YAML: {e.Message}");
        }
    }

    // The fields begin at the file's second line.
    private static long LineOf(YamlNode node) => node.Start.Line + 1;
}

/// <summary>A file that defines something (a skill, a command) breaks a rule.</summary>
public sealed class DefinitionException(string file, long line, string rule) : SkeinException("definition", $"{file}:{line}: {rule}")
{
    public string File { get; } = file;

    /// <summary>From 1.</summary>
    public long Line { get; } = line;
}
