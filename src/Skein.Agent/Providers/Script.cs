using System.Text.Json;
using System.Text.Json.Serialization;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Agent.Providers;

/// <summary>
/// What a model that is none says: the answers of <c>scripted/NAME</c>, in order. Which one is next follows from how many answers the
/// conversation holds, so that a script goes on where it was after a restart, a fork and a rewind.
/// </summary>
public sealed record Script(IReadOnlyList<ScriptStep> Steps)
{
    /// <summary>Reads a script: <c>{"steps": [{"parts": [{"type": "text", "text": "…"}, {"type": "call", "tool": "read", "arguments": {…}}]}]}</c>.</summary>
    /// <exception cref="InvalidRequestException">It is not one.</exception>
    public static Script Parse(string json, string name)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ScriptJson.Default.Script) ?? throw new InvalidRequestException($"The script {name} is null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidRequestException($"{name} is not a script: {e.Message}");
        }
    }
}

/// <summary>One answer.</summary>
/// <param name="Error">How the answer ends instead, after its parts.</param>
[method: JsonConstructor]
public sealed record ScriptStep(IReadOnlyList<ScriptPart> Parts, ScriptError? Error = null)
{
    public ScriptStep(params ScriptPart[] parts) : this((IReadOnlyList<ScriptPart>)parts) { }
}

/// <summary>One part of an answer.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ScriptText), "text")]
[JsonDerivedType(typeof(ScriptReasoning), "reasoning")]
[JsonDerivedType(typeof(ScriptCall), "call")]
public abstract record ScriptPart
{
    private protected ScriptPart() { }
}

/// <param name="Chunk">Characters sent at once; 0: all.</param>
/// <param name="DelayMs">Milliseconds before each chunk.</param>
public sealed record ScriptText(string Text, int Chunk = 0, int DelayMs = 0) : ScriptPart;

public sealed record ScriptReasoning(string Text, int Chunk = 0, int DelayMs = 0) : ScriptPart;

/// <param name="Arguments">An object; a JSON string is sent as it is, to play a model that writes no JSON.</param>
public sealed record ScriptCall(string Tool, JsonElement Arguments) : ScriptPart;

/// <summary>A failure of the provider, which is not tried again.</summary>
public sealed record ScriptError(FailureKind Kind, string Message);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowOutOfOrderMetadataProperties = true, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(Script))]
internal sealed partial class ScriptJson : JsonSerializerContext;
