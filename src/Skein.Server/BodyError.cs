using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Skein.Core;

namespace Skein.Server;

/// <summary>Says in the client's words what is wrong with a JSON body. The serialiser speaks of our types, which tell a client nothing.</summary>
internal static partial class BodyError
{
    private const int LongestValue = 80;

    private static readonly JsonTypeInfo[] s_words =
    [
        SkeinJson.Default.PermissionMode, SkeinJson.Default.WhenBusy, SkeinJson.Default.PermissionAnswer, SkeinJson.Default.Role,
    ];

    public static string Describe(JsonException error, ReadOnlyMemory<byte> json)
    {
        if (!TryParse(json, out var body))
            return $"The body is not JSON: {Plain(error.Message)}";

        var field = error.Path is { Length: > 2 } path ? path[2..] : null;
        if (MissingFields().Match(error.Message) is { Success: true } missing)
            return $"The {(field is null ? "body" : $"field '{field}'")} lacks {missing.Groups[1].Value.TrimEnd('.')}.";
        if (field is null)
            return $"The body must be a JSON object, not {Shown(body)}.";

        var value = Find(body, field) is { } found ? Shown(found) : "what it is";
        return error.Message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal)
            ? $"The field '{field}' must be {Wanted(error.Message)}, not {value}."
            : $"The field '{field}' is {value}: {Plain(error.Message)}";
    }

    private static bool TryParse(ReadOnlyMemory<byte> json, out JsonElement element)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            element = document.RootElement.Clone();
            return true;
        }
        catch (JsonException)
        {
            element = default;
            return false;
        }
    }

    private static string Wanted(string message)
    {
        foreach (var shape in s_words)
        {
            if (message.Contains(shape.Type.FullName!, StringComparison.Ordinal))
                return "one of " + string.Join(", ", Enum.GetValuesAsUnderlyingType(shape.Type).Cast<object>().Select(v => Word(v, shape)));
        }

        return message switch
        {
            _ when message.Contains("System.Boolean", StringComparison.Ordinal) => "true or false",
            _ when message.Contains("List`1", StringComparison.Ordinal) => "a list",
            _ when message.Contains("System.String", StringComparison.Ordinal) => "a text",
            _ when message.Contains("System.Int", StringComparison.Ordinal) => "a whole number",
            _ => "an object of the documented form",
        };
    }

    private static string Word(object value, JsonTypeInfo shape) =>
        JsonSerializer.SerializeToElement(Enum.ToObject(shape.Type, value), shape).ToString();

    // The path is the serialiser's own: names joined by dots, places in lists in brackets.
    private static JsonElement? Find(JsonElement element, string path)
    {
        foreach (Match step in Steps().Matches(path))
        {
            if (step.Groups[2].Success)
            {
                var index = int.Parse(step.Groups[2].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
                if (element.ValueKind != JsonValueKind.Array || index >= element.GetArrayLength())
                    return null;
                element = element[index];
            }
            else if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(step.Groups[1].ValueSpan, out element))
            {
                return null;
            }
        }

        return element;
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

    [GeneratedRegex(@"([^.\[\]]+)|\[(\d+)\]")]
    private static partial Regex Steps();
}
