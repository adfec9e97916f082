using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Skein.Core;

namespace Skein.Agent.Providers;

/// <summary>The arguments of tool calls, between our parts (JSON as the model wrote it) and a provider's.</summary>
internal static class ToolCalls
{
    /// <summary>A call as the model wrote it; text that is no JSON object is kept, for the model to be told.</summary>
    public static FunctionCallContent Parse(string callId, string tool, string arguments)
    {
        if (string.IsNullOrWhiteSpace(arguments))
            arguments = "{}";

        return SafeJson.TryParse(arguments, out var element) && element.ValueKind == JsonValueKind.Object
            ? From(callId, tool, element)
            : From(callId, tool, JsonString(arguments));
    }

    /// <param name="arguments">As in <see cref="ToolCallPart.Arguments"/>.</param>
    public static FunctionCallContent From(string callId, string tool, JsonElement arguments) =>
        new(callId, tool, Members(arguments)) { RawRepresentation = arguments };

    /// <summary>As in <see cref="ToolCallPart.Arguments"/>.</summary>
    public static JsonElement ArgumentsOf(FunctionCallContent call) => call.RawRepresentation is JsonElement element
        ? element
        : JsonSerializer.SerializeToElement(
            call.Arguments ?? new Dictionary<string, object?>(), AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)));

    /// <summary>What a provider is sent: always an object, since most refuse, or crash on, anything else.</summary>
    public static JsonElement SendableArgumentsOf(FunctionCallContent call)
    {
        var arguments = ArgumentsOf(call);
        if (arguments.ValueKind == JsonValueKind.Object)
            return arguments;

        return Write(writer =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName("malformed_arguments");
            arguments.WriteTo(writer);
            writer.WriteEndObject();
        });
    }

    private static JsonElement JsonString(string text) => Write(writer => writer.WriteStringValue(text));

    private static JsonElement Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            write(writer);
        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static Dictionary<string, object?> Members(JsonElement arguments)
    {
        var members = new Dictionary<string, object?>();
        if (arguments.ValueKind == JsonValueKind.Object)
            foreach (var member in arguments.EnumerateObject())
                members[member.Name] = member.Value;
        return members;
    }

    /// <summary>A call whose arguments are still arriving.</summary>
    internal sealed class Growing(string callId, string tool)
    {
        private readonly StringBuilder _arguments = new();

        public bool IsEmpty => _arguments.Length == 0;

        public ToolCallPiece Add(string piece)
        {
            _arguments.Append(piece);
            return new ToolCallPiece(callId, tool, piece);
        }

        public FunctionCallContent Finish() => Parse(callId, tool, _arguments.ToString());
    }
}
