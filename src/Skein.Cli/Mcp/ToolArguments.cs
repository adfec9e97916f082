using System.Globalization;
using System.Text.Json;
using ModelContextProtocol.Protocol;
using Skein.Core;

namespace Skein.Cli.Mcp;

/// <summary>What another agent called a tool with. Whatever breaks a rule is an <see cref="InvalidRequestException"/> that names it.</summary>
internal sealed class ToolArguments
{
    private readonly IDictionary<string, JsonElement> _given;

    /// <exception cref="InvalidRequestException">One is not known, or one that is needed is missing.</exception>
    public ToolArguments(Tool tool, IDictionary<string, JsonElement>? given)
    {
        _given = given ?? new Dictionary<string, JsonElement>();
        var known = tool.InputSchema.GetProperty("properties");
        foreach (var name in _given.Keys)
        {
            if (!known.TryGetProperty(name, out _))
                throw new InvalidRequestException($"{tool.Name} has no '{name}'; it has: {string.Join(", ", known.EnumerateObject().Select(static p => p.Name))}.");
        }

        foreach (var name in tool.InputSchema.GetProperty("required").EnumerateArray())
        {
            if (Find(name.GetString()!) is null)
                throw new InvalidRequestException($"{tool.Name} needs '{name}'.");
        }
    }

    public string Text(string name) => FindText(name) ?? "";

    public string? FindText(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { } other => throw Broken(name, other, "a string"),
    };

    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Broken(name, other, "true or false"),
    };

    public int Number(string name, int usual, int least, int most) => (int)(FindNumber(name, least, most) ?? usual);

    public long? FindNumber(string name, long least, long most) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var value) && value >= least && value <= most => value,
        { } other => throw Broken(name, other, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}")),
    };

    /// <summary>One of some words.</summary>
    public T? FindWord<T>(string name, params ReadOnlySpan<(string Word, T Value)> words) where T : struct
    {
        if (FindText(name) is not { } given)
            return null;
        var known = new List<string>();
        foreach (var (word, value) in words)
        {
            if (word == given)
                return value;
            known.Add(word);
        }

        throw Broken(name, Find(name)!.Value, $"one of {string.Join(", ", known)}");
    }

    private JsonElement? Find(string name) => _given.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static InvalidRequestException Broken(string name, JsonElement given, string rule)
    {
        var shown = given.GetRawText();
        return new InvalidRequestException($"'{name}' must be {rule}, not {(shown.Length <= 80 ? shown : shown[..80] + "…")}.");
    }
}
