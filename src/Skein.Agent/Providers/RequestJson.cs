using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>What the requests that we write ourselves have in common, whatever their wire.</summary>
internal static class RequestJson
{
    private static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A request for a stream.</summary>
    /// <param name="writeRest">Writes what follows the model's name.</param>
    public static ReadOnlyMemory<byte> Write(string model, Action<Utf8JsonWriter> writeRest)
    {
        var buffer = new ArrayBufferWriter<byte>(16 << 10);
        using var json = new Utf8JsonWriter(buffer, s_plain);
        json.WriteStartObject();
        json.WriteString("model", model);
        json.WriteBoolean("stream", true);
        writeRest(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>OpenAI's word for it, which others took over.</summary>
    public static string EffortWord(ReasoningEffort effort) => effort switch
    {
        ReasoningEffort.None => "none",
        ReasoningEffort.Low => "low",
        ReasoningEffort.Medium => "medium",
        ReasoningEffort.High => "high",
        _ => "xhigh",
    };

    /// <param name="within">What a function stands in; null: it stands in the tool itself.</param>
    public static void WriteTools(Utf8JsonWriter json, IList<AITool>? tools, string? within, Action<Utf8JsonWriter>? writeMore = null)
    {
        if (tools is not { Count: > 0 })
            return;

        json.WriteStartArray("tools");
        foreach (var tool in tools.OfType<AIFunctionDeclaration>())
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            if (within is not null)
                json.WriteStartObject(within);
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description);
            json.WritePropertyName("parameters");
            tool.JsonSchema.WriteTo(json);
            writeMore?.Invoke(json);
            if (within is not null)
                json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void WriteText(Utf8JsonWriter json, string type, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    /// <summary>The contents of a prompt: texts, images, and files, which each wire puts in its own words.</summary>
    public static void WriteContents(
        Utf8JsonWriter json, IEnumerable<AIContent> contents, string textType, Action<Utf8JsonWriter, string> writeImage, Action<Utf8JsonWriter, DataContent> writeFile)
    {
        json.WriteStartArray("content");
        foreach (var content in contents)
        {
            switch (content)
            {
                case TextContent text:
                    WriteText(json, textType, text.Text);
                    break;
                case DataContent data when data.HasTopLevelMediaType("image"):
                    writeImage(json, data.Uri);
                    break;
                case UriContent uri when uri.HasTopLevelMediaType("image"):
                    writeImage(json, uri.Uri.AbsoluteUri);
                    break;
                case DataContent data:
                    writeFile(json, data);
                    break;
            }
        }

        json.WriteEndArray();
    }

    public static void WriteFile(Utf8JsonWriter json, DataContent file)
    {
        json.WriteString("filename", file.Name ?? "file");
        json.WriteString("file_data", file.Uri);
    }

    public static void WriteArguments(Utf8JsonWriter json, FunctionCallContent call) => json.WriteString("arguments", ToolCalls.SendableArgumentsOf(call).GetRawText());

    public static string TextOf(FunctionResultContent result) => result.Result as string ?? "";
}
