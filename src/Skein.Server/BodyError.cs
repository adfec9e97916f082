using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Skein.Server;

/// <summary>
/// Says in the client's words what is wrong with a JSON body: the field, its value and what it should be. The serialiser speaks of our
/// types, which tell a client nothing.
/// </summary>
internal static partial class BodyError
{
    private const int LongestValue = 80;

    public static string Describe(JsonException error, ReadOnlyMemory<byte> json, JsonTypeInfo shape)
    {
        if (!TryParse(json, out var body, out var fault))
            return $"The body is not JSON: {Plain(fault)}";

        var field = error.Path is { Length: > 2 } path ? path[2..] : null;
        if (MissingFields().Match(error.Message) is { Success: true } missing)
            return $"The {(field is null ? "body" : $"field '{field}'")} lacks {missing.Groups[1].Value.TrimEnd('.')}.";
        if (field is null)
            return $"The body must be a JSON object, not {Shown(body)}.";

        var (type, value) = Find(shape, body, field);
        var shown = value is null ? "what it is" : Shown(value.Value);

        // What has no name here is read by a converter of our own, which says itself what it wants.
        return type is not null && Wanted(type) is { } wanted
            ? $"The field '{field}' must be {wanted}, not {shown}."
            : $"The field '{field}' is {shown}: {Plain(error.Message)}";
    }

    private static bool TryParse(ReadOnlyMemory<byte> json, out JsonElement element, out string fault)
    {
        (element, fault) = (default, "");
        try
        {
            using var document = JsonDocument.Parse(json);
            element = document.RootElement.Clone();
            return true;
        }
        catch (JsonException e)
        {
            fault = e.Message;
            return false;
        }
    }

    private static string? Wanted(JsonTypeInfo shape)
    {
        var type = Nullable.GetUnderlyingType(shape.Type) ?? shape.Type;
        return shape switch
        {
            { PolymorphismOptions.DerivedTypes: { Count: > 0 } kinds } => "an object whose 'type' is one of " + string.Join(", ", kinds.Select(k => k.TypeDiscriminator)),
            { Kind: JsonTypeInfoKind.Enumerable } => "a list",
            { Kind: JsonTypeInfoKind.Object } => "an object",
            _ when type.IsEnum => "one of " + string.Join(", ", Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(v => Word(v, type, shape.Options))),
            _ when type == typeof(string) => "a text",
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(int) || type == typeof(long) => "a whole number",
            _ => null,
        };
    }

    private static string Word(object value, Type type, JsonSerializerOptions options) =>
        JsonSerializer.SerializeToElement(Enum.ToObject(type, value), options.GetTypeInfo(type)).ToString();

    // The path is the serialiser's own: names joined by dots, places in lists in brackets.
    private static (JsonTypeInfo? Shape, JsonElement? Value) Find(JsonTypeInfo? shape, JsonElement? value, string path)
    {
        foreach (Match step in Steps().Matches(path))
        {
            if (step.Groups["index"] is { Success: true } index)
            {
                shape = shape?.ElementType is { } element ? shape.Options.GetTypeInfo(element) : null;
                value = value is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().Cast<JsonElement?>().ElementAtOrDefault(int.Parse(index.ValueSpan, CultureInfo.InvariantCulture)) : null;
            }
            else
            {
                var name = step.Groups["name"].Value;
                shape = shape?.Properties.FirstOrDefault(p => p.Name == name) is { } property ? shape.Options.GetTypeInfo(property.PropertyType) : null;
                value = value is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var inner) ? inner : null;
            }
        }

        return (shape, value);
    }

    private static string Shown(JsonElement element)
    {
        var text = element.GetRawText();
        return text.Length <= LongestValue ? text : text[..LongestValue] + "…";
    }

    // What the serialiser adds about lines and paths has been said already.
    private static string Plain(string message) => message.IndexOf(" Path: ", StringComparison.Ordinal) is var at and > 0 ? message[..at] : message;

    [GeneratedRegex(@"missing required properties including: (.+)$")]
    private static partial Regex MissingFields();

    [GeneratedRegex(@"(?<name>[^.\[\]]+)|\[(?<index>\d+)\]")]
    private static partial Regex Steps();
}
