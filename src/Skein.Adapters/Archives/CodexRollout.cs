using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;

namespace Skein.Adapters.Archives;

/// <summary>The records of one Codex session become messages: what its model was sent and what it said.</summary>
internal sealed class CodexRollout(IdSource ids)
{
    // What it tells its model in the user's place begins so.
    private static readonly string[] s_own =
        ["<environment_context", "<user_instructions", "<skills_instructions", "<permissions", "<turn_aborted", "<INSTRUCTIONS", "# AGENTS.md instructions", "<subagent_notification", "<collaboration_mode"];

    private readonly TranscriptBuilder _builder = new(ids);
    private string? _counted;

    public string? Model => _builder.Model;

    /// <summary>What a person said; null: the record is something else.</summary>
    public static string? PromptOf(JsonElement record) =>
        record.Text("type") == "response_item" && record.Find("payload") is { } item && item.Text("type") == "message" && item.Text("role") == "user"
        && Texts(item) is { Count: > 0 } texts && string.Join('\n', texts) is var text && !s_own.Any(o => text.StartsWith(o, StringComparison.Ordinal)) ? text : null;

    /// <returns>False: it answers what is not there.</returns>
    public bool Hear(JsonElement record)
    {
        var (at, payload) = (TranscriptFile.TimeOf(record), record.Find("payload") ?? default);
        switch (record.Text("type"))
        {
            case "turn_context":
                _builder.Model = payload.Text("model") ?? _builder.Model;
                return true;
            case "compacted" when payload.Text("message") is { Length: > 0 } summary:
                _builder.Say(new TextPart($"[Codex went on with a summary of what was said before:]\n{summary}"), at);
                return true;
            case "event_msg" when payload.Text("type") == "token_count":
                Count(payload.Find("info") ?? default);
                return true;
            case "response_item" when PromptOf(record) is { } prompt:
                _builder.Prompt([new TextPart(prompt)], at);
                return true;
            case "response_item":
                return HearItem(payload, at);
            default:
                return true;
        }
    }

    public IReadOnlyList<Message> Build() => _builder.Build();

    private bool HearItem(JsonElement item, DateTimeOffset at)
    {
        switch (item.Text("type"))
        {
            case "message" when item.Text("role") == "assistant":
                foreach (var text in Texts(item))
                    _builder.Say(new TextPart(text), at);
                return true;
            case "reasoning" when string.Join("\n\n", item.Items("summary").Concat(item.Items("content")).Select(s => s.Text("text")).OfType<string>()) is { Length: > 0 } thought:
                _builder.Say(new ReasoningPart(thought), at);
                return true;
            case "function_call" or "custom_tool_call" or "local_shell_call" when item.Text("call_id") is { Length: > 0 } id:
                _builder.Say(new ToolCallPart(id, item.Text("name") ?? "shell", ArgumentsOf(item)), at);
                return true;
            case "function_call_output" or "custom_tool_call_output":
                return _builder.Answer(new ToolResultPart(item.Text("call_id") ?? "", OutputOf(item)));
            case "web_search_call":
                var search = item.Text("id") ?? $"search-{at.UtcTicks}";
                _builder.Say(new ToolCallPart(search, "webSearch", item.Find("action") ?? item), at);
                return _builder.Answer(new ToolResultPart(search, ""));
            default:
                return true;
        }
    }

    private void Count(JsonElement info)
    {
        var total = info.Find("total_token_usage")?.GetRawText();
        if (total is null || total == _counted || info.Find("last_token_usage") is not { } last || last.Number("input_tokens") is not { } input)
            return;

        _counted = total;
        var (read, written, reasoned) = (last.Number("cached_input_tokens") ?? 0, last.Number("cache_write_input_tokens") ?? 0, last.Number("reasoning_output_tokens") ?? 0);
        _builder.Count(new Usage(Math.Max(0, input - read - written), Math.Max(0, (last.Number("output_tokens") ?? 0) - reasoned), reasoned, read, written));
    }

    private static List<string> Texts(JsonElement message) =>
        [.. message.Items("content").Select(b => b.Text("text") ?? (b.Text("type") == "input_image" ? "[an image]" : null)).OfType<string>().Where(t => t.Length > 0)];

    private static JsonElement ArgumentsOf(JsonElement item)
    {
        if (item.Text("arguments") is { } arguments)
        {
            try
            {
                return JsonElement.Parse(arguments) is { ValueKind: JsonValueKind.Object } told ? told : Text(arguments);
            }
            catch (JsonException)
            {
                return Text(arguments);
            }
        }

        return item.Find("action") ?? JsonElement.Parse(new JsonObject { ["input"] = item.Text("input") }.ToJsonString(SkeinJson.Relaxed.Options));
    }

    private static JsonElement Text(string text) => JsonElement.Parse(JsonValue.Create(text).ToJsonString(SkeinJson.Relaxed.Options));

    private static string OutputOf(JsonElement item) => item.Text("output")
        ?? (item.Find("output") is { ValueKind: JsonValueKind.Object } told ? told.Text("content") ?? told.GetRawText()
            : string.Join('\n', item.Items("output").Select(b => b.Text("text") ?? $"[{b.Text("type")}]")));
}
