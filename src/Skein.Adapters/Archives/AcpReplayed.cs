using System.Text;
using System.Text.Json;
using Skein.Adapters.Acp;
using Skein.Adapters.Driving;
using Skein.Core;

namespace Skein.Adapters.Archives;

/// <summary>What an agent tells again of a session that it loads. It tells no times.</summary>
internal sealed class AcpReplayed(IdSource ids)
{
    private readonly TranscriptBuilder _builder = new(ids);
    private readonly Dictionary<string, AcpCall> _calls = new(StringComparer.Ordinal);
    private readonly StringBuilder _text = new();
    private string? _kind;
    private string? _message;

    public void Hear(JsonElement update)
    {
        switch (update.Text("sessionUpdate"))
        {
            case "user_message_chunk" or "agent_message_chunk" or "agent_thought_chunk" when update.Find("content") is { } content:
                Say(update.Text("sessionUpdate")!, update.Text("messageId"), content.Text("text") ?? $"[{content.Text("type")}]");
                break;
            case "tool_call" or "tool_call_update" when update.Text("toolCallId") is { Length: > 0 } id:
                HearCall(id, update);
                break;
        }
    }

    public IReadOnlyList<Message> Build()
    {
        End();
        return _builder.Build();
    }

    private void Say(string kind, string? message, string text)
    {
        if (_kind != kind || (message is not null && message != _message))
            End();
        (_kind, _message) = (kind, message);
        _text.Append(text);
    }

    private void HearCall(string id, JsonElement update)
    {
        End();
        if (!_calls.TryGetValue(id, out var call))
            call = _calls[id] = new AcpCall();
        var isNew = call.Title is null;
        call.Hear(update);
        if (isNew)
            _builder.Say(new ToolCallPart(id, call.Tool, call.Arguments), DateTimeOffset.UnixEpoch);
        if (update.Text("status") is "completed" or "failed")
            _builder.Answer(new ToolResultPart(id, call.Output, update.Text("status") == "failed"));
    }

    private void End()
    {
        var text = _text.ToString();
        _text.Clear();
        if (text.Length == 0)
            return;
        if (_kind == "user_message_chunk")
            _builder.Prompt([new TextPart(text)], DateTimeOffset.UnixEpoch);
        else
            _builder.Say(_kind == "agent_thought_chunk" ? new ReasoningPart(text) : new TextPart(text), DateTimeOffset.UnixEpoch);
    }
}
