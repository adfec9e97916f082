using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Adapters.Acp;

/// <summary>One turn: the agent's updates become messages.</summary>
internal sealed class AcpTurn(TurnId turn, TurnWriter writer, AcpReports reports)
{
    private readonly Dictionary<string, AcpCall> _calls = new(StringComparer.Ordinal);

    public bool HasOpenCalls => _calls.Values.Any(c => !c.IsOver);

    /// <summary>Whether an update says what was said or done, rather than how things stand.</summary>
    public static bool IsConversation(JsonElement update) =>
        update.Text("sessionUpdate") is "agent_message_chunk" or "agent_thought_chunk" or "user_message_chunk" or "tool_call" or "tool_call_update" or "plan";

    /// <returns>False: it has no event of its own.</returns>
    public bool Hear(JsonElement update)
    {
        switch (update.Text("sessionUpdate"))
        {
            case "agent_message_chunk" when TextOf(update) is { } text:
                writer.Say(StreamKind.Text, text);
                return true;
            case "agent_thought_chunk" when TextOf(update) is { } thought:
                writer.Say(StreamKind.Reasoning, thought);
                return true;
            case "plan" when update.Find("entries") is { ValueKind: JsonValueKind.Array }:
                writer.Tell(new PlanUpdated(turn, PlanSteps.Of(update, "entries")));
                return true;
            case "tool_call" or "tool_call_update" when update.Text("toolCallId") is { Length: > 0 } id:
                return HearCall(id, update);
            default:
                return false;
        }
    }

    /// <summary>What is known of a call that the agent asks about; it counts as begun.</summary>
    public AcpCall Asked(string id, JsonElement told)
    {
        var call = Call(id);
        call.Hear(told);
        Start(id, call);
        return call;
    }

    /// <summary>The turn is over.</summary>
    /// <param name="result">Of the prompt; with what was used.</param>
    public void End(string? reason, JsonElement result)
    {
        foreach (var (id, call) in _calls)
            Start(id, call);
        var stop = reason switch
        {
            "max_tokens" => StopReason.Length,
            "refusal" => StopReason.Refused,
            "cancelled" => StopReason.Interrupted,
            null => StopReason.Failed,
            _ => StopReason.End,
        };
        writer.End(stop, UsageOf(result), reports.TakeCost());
    }

    private bool HearCall(string id, JsonElement update)
    {
        // An update of a call that never began tells nothing that could be shown; and one that has ended says no more.
        if (!_calls.ContainsKey(id) && update.Text("sessionUpdate") == "tool_call_update" && update.Text("title") is null)
            return false;

        var call = Call(id);
        if (call.IsOver)
            return false;
        call.Hear(update);
        var status = update.Text("status");
        if (status is not (null or "pending"))
            Start(id, call);
        if (status is "completed" or "failed")
        {
            call.IsOver = true;
            writer.Finish(id, call.Output, status == "failed", call.Metadata);
            if (status == "completed" && PlanSteps.OfCall(call.Arguments) is { } plan)
                writer.Tell(new PlanUpdated(turn, plan));
        }

        return true;
    }

    private AcpCall Call(string id) => _calls.TryGetValue(id, out var known) ? known : _calls[id] = new AcpCall();

    private void Start(string id, AcpCall call) => writer.Start(id, call.Tool, call.Arguments, call.Title, call.Reads);

    private static string? TextOf(JsonElement update) =>
        update.Find("content") is { } content && content.Text("type") == "text" ? content.Text("text") : null;

    private static Usage? UsageOf(JsonElement result)
    {
        if (result.Find("usage") is { } usage && usage.Number("inputTokens") is { } input)
        {
            var thought = usage.Number("thoughtTokens") ?? 0;
            var output = usage.Number("outputTokens") ?? 0;
            return new Usage(input, Math.Max(0, output - thought), thought, usage.Number("cachedReadTokens") ?? 0, usage.Number("cachedWriteTokens") ?? 0);
        }

        return result.Find("_meta", "quota")?.Find("token_count") is { } counts && counts.Number("input_tokens") is { } count
            ? new Usage(count, counts.Number("output_tokens") ?? 0)
            : null;
    }
}
