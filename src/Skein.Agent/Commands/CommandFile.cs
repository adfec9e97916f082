using System.Text.RegularExpressions;
using Skein.Agent.Definitions;

namespace Skein.Agent.Commands;

/// <summary>
/// A prompt that people keep in a file and call by its name, as <c>/review src/a.cs</c>: Markdown, with or without fields above it. Only
/// what a list shows is held; the rest is read when it is used.
/// </summary>
/// <param name="Name">Without its slash; folders below the one of commands stand before it with ':'.</param>
/// <param name="Description">What it does, in one line.</param>
/// <param name="Hint">What may stand behind the name; empty: nothing was said.</param>
/// <param name="File">Absolute.</param>
/// <param name="Agent">Who works from then on; null: as it is.</param>
/// <param name="Model">The model of its turn; null: the session's.</param>
public sealed partial record CommandFile(string Name, string Description, string Hint, string File, string? Agent, string? Model)
{
    private const int LongestDescription = 1024;
    private const int LongestHint = 200;
    private const int LongestWord = 200;

    // Claude Code's own models and agents have other names; its commands work without them.
    private const string OfClaude = ".claude";

    /// <param name="file">In a folder called <c>commands</c>.</param>
    /// <exception cref="DefinitionException">It breaks a rule, or cannot be read.</exception>
    public static CommandFile Read(string file)
    {
        var words = file[..^Path.GetExtension(file).Length].Split(Path.DirectorySeparatorChar);
        var folder = Array.LastIndexOf(words, CommandFolders.FolderName, words.Length - 2);
        var name = string.Join(':', words[(folder + 1)..]);
        if (!NameRule().IsMatch(name))
            throw new DefinitionException(file, 1, $"must have a name of 1 to 64 letters, digits, '-', '_' and '.', not '{name}'.");

        var fields = Fields(file);
        if (fields.Body.Length == 0)
            throw new DefinitionException(file, fields.BodyLine, "must have a text below its fields: that is the prompt.");

        var foreign = folder > 0 && words[folder - 1] == OfClaude;
        return new CommandFile(
            name,
            fields.OptionalText("description", LongestDescription)?.ReplaceLineEndings(" ") ?? FirstLine(fields.Body),
            fields.OptionalText("argument-hint", LongestHint)?.ReplaceLineEndings(" ") ?? "",
            file,
            foreign ? null : Word(fields, "agent", AgentRule(), "must be the name of an agent"),
            foreign ? null : Word(fields, "model", ModelRule(), "must be 'provider/name'"));
    }

    /// <summary>Its text as it is now, and the line that it begins at.</summary>
    /// <exception cref="DefinitionException">It cannot be read.</exception>
    public (string Text, int Line) ReadBody() => Fields(File) is var fields ? (fields.Body, fields.BodyLine) : default;

    private static FrontMatter Fields(string file) => FrontMatter.Read(file, isNeeded: false, Mended);

    // '[file] [depth]' is what people write there, and no YAML.
    private static string Mended(string line) =>
        HintLine().Match(line) is { Success: true } hint ? $"{hint.Groups[1].Value}'{hint.Groups[2].Value.Replace("'", "''", StringComparison.Ordinal)}'" : line;

    private static string? Word(FrontMatter fields, string name, Regex shape, string rule) =>
        fields.OptionalText(name, LongestWord) is not { } word ? null : shape.IsMatch(word) ? word : throw fields.Wrong(name, $"{rule}, not '{word}'.");

    private static string FirstLine(string body)
    {
        var line = body.Split('\n')[0].TrimStart('#', ' ').Trim();
        return line.Length <= 80 ? line : line[..79] + "…";
    }

    [GeneratedRegex(@"\A(?=.{1,64}\z)[A-Za-z0-9][A-Za-z0-9_.-]*(:[A-Za-z0-9][A-Za-z0-9_.-]*)*\z")]
    private static partial Regex NameRule();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9_-]*\z")]
    private static partial Regex AgentRule();

    [GeneratedRegex(@"\A[^\s/]+/\S+\z")]
    private static partial Regex ModelRule();

    [GeneratedRegex(@"\A(argument-hint:\s*)([\[<].*?)\s*\z")]
    private static partial Regex HintLine();
}
