using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Skein.Agent.Prompts;

namespace Skein.Agent.Providers.TextCalls;

/// <summary>A request to a model that is taught to call in its text: tools, calls and results as words of the conversation.</summary>
internal static class TaughtRequest
{
    private static readonly Lazy<string> s_taught = new(() => SystemPrompt.Resource("text-calls.md"));
    private static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static (IReadOnlyList<ChatMessage>, ChatOptions) From(IEnumerable<ChatMessage> messages, ChatOptions options, IReadOnlyList<AIFunctionDeclaration> tools)
    {
        var taught = options.Clone();
        taught.Tools = null;
        taught.Instructions = $"{options.Instructions}\n\n{s_taught.Value.Trim()}\n\n{string.Join('\n', tools.Select(Described))}\n";

        var sent = new List<ChatMessage>();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var message in messages)
        {
            foreach (var call in message.Contents.OfType<FunctionCallContent>())
                names[call.CallId] = call.Name;
            var role = message.Role == ChatRole.Tool ? ChatRole.User : message.Role;
            var contents = message.Contents.Select(c => InWords(c, names)).ToList();

            // Templates of small models know turns only that alternate.
            if (sent.Count > 0 && sent[^1].Role == role)
                foreach (var content in contents)
                    sent[^1].Contents.Add(content);
            else
                sent.Add(new ChatMessage(role, contents));
        }

        return (sent, taught);
    }

    private static AIContent InWords(AIContent content, Dictionary<string, string> names) => content switch
    {
        FunctionCallContent call => new TextContent($"\n<tool_call>\n{Written(call)}\n</tool_call>\n"),
        FunctionResultContent result => new TextContent(
            $"<tool_response name=\"{names.GetValueOrDefault(result.CallId)}\">\n{result.Result as string}\n</tool_response>\n"),
        _ => content,
    };

    private static string Written(FunctionCallContent call)
    {
        var arguments = ToolCalls.ArgumentsOf(call);
        return call.Name == TextCall.Nameless && arguments.ValueKind == JsonValueKind.String
            ? arguments.GetString()!
            : Json(json =>
            {
                json.WriteString("name", call.Name);
                json.WritePropertyName("arguments");
                arguments.WriteTo(json);
            });
    }

    private static string Described(AIFunctionDeclaration tool) => Json(json =>
    {
        json.WriteString("name", tool.Name);
        json.WriteString("description", tool.Description);
        json.WritePropertyName("parameters");
        tool.JsonSchema.WriteTo(json);
    });

    private static string Json(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, s_plain))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
