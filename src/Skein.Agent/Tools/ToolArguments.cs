using System.Text.Json;

namespace Skein.Agent.Tools;

/// <summary>Reads a call's arguments; every rule that is broken is said to the model.</summary>
internal readonly struct ToolArguments
{
    private readonly string _tool;
    private readonly JsonElement _arguments;

    /// <param name="known">All names; another one is refused, since leaving it out would do something else than was meant.</param>
    public ToolArguments(string tool, JsonElement arguments, params ReadOnlySpan<string> known)
    {
        if (arguments.ValueKind != JsonValueKind.Object)
            throw new ToolInputException($"The arguments of '{tool}' must be an object, not {arguments.ValueKind.ToString().ToLowerInvariant()}.");

        foreach (var argument in arguments.EnumerateObject())
        {
            if (!known.Contains(argument.Name))
                throw new ToolInputException($"'{tool}' has no argument '{argument.Name}': it takes {string.Join(", ", known.ToArray())}.");
        }

        _tool = tool;
        _arguments = arguments;
    }

    public string Text(string name) =>
        OptionalText(name) ?? throw new ToolInputException($"'{_tool}' needs '{name}', a string.");

    public string? OptionalText(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } value => throw Wrong(name, value, "a string"),
    };

    /// <returns>The items of an array that is not empty; null where it is not given.</returns>
    public IReadOnlyList<JsonElement>? OptionalList(string name, int most) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } value when value.GetArrayLength() is var length and > 0 && length <= most => [.. value.EnumerateArray()],
        { } value => throw Wrong(name, value, $"a list of 1 to {most} items"),
    };

    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True or JsonValueKind.False } value => value.GetBoolean(),
        { } value => throw Wrong(name, value, "true or false"),
    };

    public int Number(string name, int otherwise, int least, int most) => Find(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) && number >= least && number <= most => number,
        { } value => throw Wrong(name, value, $"a whole number from {least} to {most}"),
    };

    private JsonElement? Find(string name) =>
        _arguments.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private ToolInputException Wrong(string name, JsonElement value, string rule)
    {
        var text = value.GetRawText();
        return new ToolInputException($"'{name}' of '{_tool}' must be {rule}, not {(text.Length <= 80 ? text : text[..80] + "…")}.");
    }
}
