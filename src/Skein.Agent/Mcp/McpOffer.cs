using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skein.Agent.Mcp;

/// <summary>What a server was found to offer, the last time that it ran.</summary>
/// <param name="HasResources">It has texts that can be read.</param>
public sealed record McpOffer(IReadOnlyList<McpToolRow> Tools, IReadOnlyList<McpPromptRow> Prompts, bool HasResources)
{
    public static McpOffer Nothing { get; } = new([], [], false);
}

/// <param name="Schema">The JSON Schema of its arguments.</param>
public sealed record McpToolRow(string Name, string Description, JsonElement Schema);

/// <summary>A prompt that people call by a slash.</summary>
public sealed record McpPromptRow(string Name, string Description, IReadOnlyList<McpPromptArgument> Arguments);

public sealed record McpPromptArgument(string Name, bool Required);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(McpOffer))]
internal sealed partial class McpOfferJson : JsonSerializerContext;
