using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Claude;

/// <summary>What Claude Code asks permission for. Always is what it suggests itself, for as long as its process lives, and nothing of it is written to its settings.</summary>
internal sealed class ClaudeQuestions
{
    private readonly Dictionary<PermissionId, (string Request, JsonElement Input, JsonArray Always)> _open = [];
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly HashSet<string> _answered = new(StringComparer.Ordinal);
    private ITurn? _turn;
    private int _number;

    public void Begin(ITurn turn)
    {
        _turn = turn;
        _asked.Clear();
        _answered.Clear();
    }

    /// <param name="request">The control request's id.</param>
    public void Ask(string request, JsonElement asked, AgentSteps steps)
    {
        var tool = asked.Text("tool_name") ?? "a tool";
        var input = asked.Find("input") ?? default;
        var call = asked.Text("tool_use_id") ?? $"call-{++_number}";
        var always = Suggested(asked);

        // A call may be asked about more than once, each time about something else.
        var questioned = _asked.Add(call) ? call : $"{call}#{++_number}";
        var question = new PermissionAsked(
            _turn!.Ids.Next<PermissionId>(), _turn.Id, questioned, tool, ClaudeCall.TitleOf(tool, input), ClaudeCall.DetailOf(tool, input), TextOf(always));
        _open[question.Permission] = (request, input, always);
        steps.Ask(question, ClaudeCall.EffectOf(tool, input, _turn.Session.Workspace));
    }

    public void Answer(PermissionAsked question, PermissionAnswered answer, AgentSteps steps)
    {
        if (!_open.Remove(question.Permission, out var open))
            return;

        _answered.Add(open.Request);
        steps.Send(answer.Answer == PermissionAnswer.No
            ? ClaudeControl.Deny(open.Request, answer.Message ?? "The user does not want this.")
            : ClaudeControl.Allow(
                open.Request,
                open.Input.ValueKind == JsonValueKind.Undefined ? new JsonObject() : JsonNode.Parse(open.Input.GetRawText()),
                answer.Answer == PermissionAnswer.Always && open.Always.Count > 0 ? open.Always : null));
    }

    /// <summary>Whether a response is an answer that was given here: Claude Code repeats what it was told.</summary>
    public bool IsEcho(JsonElement response) => response.Text("request_id") is { } request && _answered.Remove(request);

    /// <summary>The agent no longer waits for one answer.</summary>
    /// <returns>False: it does not wait for it.</returns>
    public bool Withdraw(string request, AgentSteps steps)
    {
        var found = _open.FirstOrDefault(o => o.Value.Request == request);
        if (found.Value.Request is null)
            return false;
        _open.Remove(found.Key);
        steps.Forget(found.Key);
        return true;
    }

    /// <summary>Nobody answers any more.</summary>
    public void Forget(AgentSteps steps)
    {
        foreach (var question in _open.Keys)
            steps.Forget(question);
        _open.Clear();
    }

    // A mode in which it asks nobody is never accepted, whoever suggests it.
    private static JsonArray Suggested(JsonElement asked)
    {
        var always = new JsonArray();
        foreach (var suggestion in asked.Items("permission_suggestions"))
        {
            if (suggestion.ValueKind != JsonValueKind.Object || (suggestion.Text("type") == "setMode" && suggestion.Text("mode") != "acceptEdits"))
                continue;
            var kept = JsonNode.Parse(suggestion.GetRawText())!.AsObject();
            kept["destination"] = "session";
            always.Add((JsonNode)kept);
        }

        return always;
    }

    private static string? TextOf(JsonArray always) => always.Count == 0 ? null : string.Join(", ", always.Select(a => a!["type"]?.ToString() switch
    {
        "setMode" => "all edits",
        "addRules" when a["rules"] is JsonArray rules =>
            string.Join(", ", rules.Select(r => r?["ruleContent"] is { } content ? $"{r["toolName"]}({content})" : $"{r?["toolName"]}")),
        "addDirectories" when a["directories"] is JsonArray folders => $"work in {string.Join(", ", folders)}",
        _ => a.ToJsonString(),
    }));
}
