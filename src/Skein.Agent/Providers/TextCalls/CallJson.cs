using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skein.Agent.Providers.TextCalls;

/// <summary>The calls in a JSON value: every model has its own words for the name and the arguments.</summary>
internal static class CallJson
{
    private static readonly string[] s_many = ["tool_calls", "function_calls", "calls", "tools"];
    private static readonly string[] s_one = ["function", "function_call", "tool_call", "tool_use"];
    private static readonly string[] s_names = ["name", "tool", "tool_name", "toolName", "function", "function_name", "functionName", "action", "recipient_name"];
    private static readonly string[] s_arguments =
        ["arguments", "parameters", "args", "params", "input", "tool_input", "action_input", "tool_args", "tool_arguments", "function_args", "kwargs"];

    // What stands beside a name without being an argument.
    private static readonly string[] s_beside = ["id", "type", "index", "call_id", "tool_call_id", "thought", "thoughts", "reasoning"];

    /// <summary>Whether an object that begins with this key, or with a part of it, may be a call.</summary>
    public static bool MayBegin(string key, bool isWhole, ToolNames names)
    {
        var keys = s_many.Concat(s_one).Concat(s_names).Concat(s_arguments).Concat(s_beside);
        return isWhole ? keys.Contains(key) || names.Find(key) is not null : keys.Any(k => k.StartsWith(key, StringComparison.Ordinal)) || names.MayBecome(key);
    }

    /// <returns>Empty: it is no call.</returns>
    public static IEnumerable<TextCall> Calls(JsonNode? value, string written, ToolNames names)
    {
        if (value is JsonArray items)
            return items.SelectMany(i => Calls(i, written, names));
        if (value is not JsonObject given)
            return [];
        if (s_many.Select(k => given[k]).OfType<JsonArray>().FirstOrDefault() is { } many)
            return Calls(many, written, names);
        if (s_one.Select(k => given[k]).OfType<JsonObject>().FirstOrDefault() is { } one)
            return Calls(one, written, names);
        if (s_names.FirstOrDefault(k => given[k] is JsonValue v && v.GetValueKind() == JsonValueKind.String) is { } named)
            return [Call(given[named]!.GetValue<string>(), given, named, written, names)];

        // {"read": {"path": …}}
        return given.Count == 1 && given.First() is { Value: JsonObject arguments } only && names.Find(only.Key) is { } tool
            ? [Whole(tool, arguments, written, names)]
            : [];
    }

    /// <summary>A call of a name, with arguments that were read.</summary>
    public static TextCall Whole(string name, JsonObject arguments, string written, ToolNames names)
    {
        var tool = names.Find(name) ?? name.Trim();
        return new TextCall(tool, names.Fit(tool, (JsonObject)arguments.DeepClone()), written);
    }

    private static TextCall Call(string name, JsonObject given, string named, string written, ToolNames names)
    {
        if (name.Trim().Length == 0)
            return new TextCall(null, null, written, "it names no tool");
        if (s_arguments.FirstOrDefault(given.ContainsKey) is not { } key)
        {
            // {"tool": "read", "path": …}
            var rest = given.Where(m => m.Key != named && !s_beside.Contains(m.Key)).Select(static m => KeyValuePair.Create(m.Key, m.Value?.DeepClone()));
            return Whole(name, new JsonObject(rest), written, names);
        }

        switch (given[key])
        {
            case null:
                return Whole(name, [], written, names);
            case JsonObject arguments:
                return Whole(name, arguments, written, names);
            case JsonValue text when text.GetValueKind() == JsonValueKind.String:
                return FromText(name, text.GetValue<string>(), written, names);
            default:
                return new TextCall(names.Find(name) ?? name, null, written, $"its '{key}' are no JSON object");
        }
    }

    // Arguments as text, as some providers have them on the wire.
    private static TextCall FromText(string name, string text, string written, ToolNames names)
    {
        if (string.IsNullOrWhiteSpace(text))
            return Whole(name, [], written, names);
        try
        {
            if (new LooseJson(text, 0).Value() is JsonObject arguments)
                return Whole(name, arguments, written, names);
        }
        catch (FormatException)
        {
            // It is told below.
        }

        return names.Find(name) is { } tool && names.ArgumentsOf(tool) is [var only, ..]
            ? new TextCall(tool, new JsonObject { [only] = text }, written)
            : new TextCall(names.Find(name) ?? name, null, written, "its arguments are a text that holds no JSON object");
    }
}
