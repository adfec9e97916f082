using System.Text.Json;
using System.Text.RegularExpressions;

namespace Skein.Agent.Settings;

/// <summary>A value in a settings file that knows where it stands.</summary>
/// <param name="Path">Its key from the root; null: the root.</param>
internal readonly record struct SettingsNode(string File, string? Path, JsonElement Value)
{
    /// <summary>The last part of its key.</summary>
    public string Name { get; private init; } = "";

    /// <param name="known">The keys there may be; none given: any.</param>
    public IEnumerable<SettingsNode> Properties(params IReadOnlyList<string> known)
    {
        if (Value.ValueKind != JsonValueKind.Object)
            throw Wrong("must be an object");

        var properties = new List<SettingsNode>();
        foreach (var property in Value.EnumerateObject())
        {
            var node = new SettingsNode(File, Path is null ? property.Name : $"{Path}.{property.Name}", property.Value) { Name = property.Name };
            if (known.Count > 0 && !known.Contains(property.Name))
                throw node.Broken($"is not known here: there may be {string.Join(", ", known)}");
            properties.Add(node);
        }

        return properties;
    }

    public SettingsNode? Find(string name) => Value.ValueKind == JsonValueKind.Object && Value.TryGetProperty(name, out var value)
        ? new SettingsNode(File, Path is null ? name : $"{Path}.{name}", value) { Name = name }
        : null;

    public IEnumerable<SettingsNode> Items()
    {
        if (Value.ValueKind != JsonValueKind.Array)
            throw Wrong("must be a list");

        var at = this;
        return Value.EnumerateArray().Select((item, i) => new SettingsNode(at.File, $"{at.Path}[{i}]", item)).ToList();
    }

    public bool Flag() => Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? Value.GetBoolean() : throw Wrong("must be true or false");

    public string Text() => Value.ValueKind == JsonValueKind.String ? Value.GetString()! : throw Wrong("must be a string");

    public string Text(Regex shape, string rule) => shape.IsMatch(Text()) ? Text() : throw Wrong(rule);

    /// <returns>Null where it says so.</returns>
    public int? Count(string rule) => Value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number when Value.TryGetInt32(out var count) && count >= 0 => count,
        _ => throw Wrong(rule),
    };

    /// <summary>An amount of money: a finite number, 0 or more, as it was written.</summary>
    public decimal Amount(string rule) =>
        Value.ValueKind == JsonValueKind.Number && Value.TryGetDecimal(out var amount) && amount is >= 0 and <= 1_000_000 ? amount : throw Wrong(rule);

    public T OneOf<T>(params IReadOnlyList<(string Word, T Value)> choices)
    {
        var text = Text();
        foreach (var (word, value) in choices)
        {
            if (word == text)
                return value;
        }

        throw Wrong($"must be one of {string.Join(", ", choices.Select(static c => c.Word))}");
    }

    /// <summary>The error for a value that may be shown.</summary>
    public SettingsException Wrong(string rule)
    {
        var text = Value.GetRawText().ReplaceLineEndings(" ");
        return Broken($"{rule}, not {(text.Length <= 80 ? text : text[..80] + "…")}");
    }

    /// <summary>The error for a value that is better not shown, or tells nothing.</summary>
    public SettingsException Broken(string rule) => new(File, Path, rule + ".");
}
