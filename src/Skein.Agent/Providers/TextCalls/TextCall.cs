using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skein.Agent.Providers.TextCalls;

/// <summary>A call of a tool that a model wrote into its text.</summary>
/// <param name="Tool">As the tool is called where it is known, else as the model called it; null: it named none.</param>
/// <param name="Arguments">Null: they cannot be read.</param>
/// <param name="Written">What the model wrote.</param>
/// <param name="Problem">What is wrong with it; null: nothing.</param>
internal sealed record TextCall(string? Tool, JsonObject? Arguments, string Written, string? Problem = null)
{
    /// <summary>The tool that a call is of which names none: there is no such tool, so that it is told to the model.</summary>
    public const string Nameless = "unreadable_call";

    /// <summary>A call of text that is no JSON is one of a provider's own with such arguments.</summary>
    public JsonElement ToElement() => JsonElement.Parse(Arguments?.ToJsonString() ?? JsonValue.Create(Written).ToJsonString());
}
