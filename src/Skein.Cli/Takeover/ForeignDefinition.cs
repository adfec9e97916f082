using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Skein.Cli.Takeover;

/// <summary>Commands and agents of others, as the Markdown that Skein has for them.</summary>
internal static partial class ForeignDefinition
{
    /// <param name="name">Its path below the folder of commands.</param>
    public static async Task TakeCommandAsync(string file, string name, Findings found, CancellationToken cancellationToken)
    {
        if (await ForeignFile.ReadTextAsync(file, cancellationToken) is not { } text)
            return;
        var (fields, body) = Split(text);
        TakeCommand(Path.ChangeExtension(name, null), fields.GetValueOrDefault("description"), fields.GetValueOrDefault("argument-hint"), fields.GetValueOrDefault("agent"), fields.GetValueOrDefault("model"), body, found);
    }

    public static void TakeCommand(string name, string? description, string? hint, string? agent, string? model, string body, Findings found)
    {
        if (body.Trim().Length == 0)
            found.Left.Add($"the command '{name}': it says nothing");
        else if (!NameRule().IsMatch(name))
            found.Left.Add($"the command '{name}': a name has letters, digits, '-' and '_', with folders before it");
        else
            found.Files[$"commands/{name}.md"] = Markdown([("description", description), ("argument-hint", hint), ("agent", agent), ("model", ModelOf(model, $"the command '{name}'", found))], body);
    }

    public static void TakeAgent(string name, string? description, string? prompt, string? model, string? mode, Findings found)
    {
        if (!NameRule().IsMatch(name) || name.Contains('/', StringComparison.Ordinal) || name == "skein")
            found.Left.Add($"the agent '{name}': a name has 1 to 64 letters, digits, '-' and '_'");
        else if (string.IsNullOrWhiteSpace(description) || string.IsNullOrWhiteSpace(prompt))
            found.Left.Add($"the agent '{name}': it needs a description, by which it is chosen, and a prompt");
        else
            found.Files[$"agents/{name}.md"] = Markdown([("description", description), ("model", ModelOf(model, $"the agent '{name}'", found)), ("mode", mode)], prompt);
    }

    /// <summary>The fields above a text that are one line each, and the text.</summary>
    public static (Dictionary<string, string> Fields, string Body) Split(string text)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var lines = text.Split('\n');
        var end = lines[0].TrimEnd() == "---" ? Array.FindIndex(lines, 1, static l => l.TrimEnd() == "---") : -1;
        foreach (var line in lines[..Math.Max(0, end)])
        {
            if (FieldRule().Match(line) is { Success: true } field)
                fields[field.Groups[1].Value] = field.Groups[2].Value.Trim().Trim('"', '\'');
        }

        return (fields, string.Join('\n', lines[(end + 1)..]).Trim('\n'));
    }

    private static string? ModelOf(string? model, string of, Findings found)
    {
        if (model is null || ModelRule().IsMatch(model))
            return model;
        found.Left.Add($"the model '{model}' of {of}: models are 'provider/name'");
        return null;
    }

    private static string Markdown((string Name, string? Value)[] fields, string body)
    {
        var text = new StringBuilder();
        if (fields.Any(static f => !string.IsNullOrWhiteSpace(f.Value)))
        {
            text.Append("---\n");
            foreach (var (name, value) in fields)
            {
                // As JSON writes it YAML reads it, whatever stands there.
                if (!string.IsNullOrWhiteSpace(value))
                    text.Append(name).Append(": ").Append(PlainRule().IsMatch(value) ? value : JsonSerializer.Serialize(value.ReplaceLineEndings(" "), ForeignText.Default.String)).Append('\n');
            }

            text.Append("---\n");
        }

        return text.Append(body.Trim('\n')).Append('\n').ToString();
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_-]{0,63}(/[A-Za-z0-9][A-Za-z0-9_-]{0,63})*\z")]
    private static partial Regex NameRule();

    [GeneratedRegex(@"\A([A-Za-z_-]+):[ \t]+(\S.*)\z")]
    private static partial Regex FieldRule();

    [GeneratedRegex(@"\A[^/\s]+/\S+\z")]
    private static partial Regex ModelRule();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9 _./-]*\z")]
    private static partial Regex PlainRule();
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class ForeignText : System.Text.Json.Serialization.JsonSerializerContext;
