using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core.Events;

namespace Skein.Adapters.Codex;

/// <summary>
/// Carries as raw frames what has no event of its own. How things stand is told when it changed; what is told anew with every step, once
/// a turn.
/// </summary>
internal sealed class CodexReports(string agent)
{
    private static readonly string[] s_states =
    [
        "account/updated", "mcpServer/startupStatus/updated", "remoteControl/status/changed", "skills/changed", "app/list/updated", "thread/started",
        "thread/settings/updated", "warning", "configWarning", "deprecationNotice",
    ];

    private static readonly string[] s_levels = ["turn/diff/updated", "account/rateLimits/updated"];

    private readonly Dictionary<string, string?> _told = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonElement> _levels = new(StringComparer.Ordinal);

    public void Tell(JsonElement frame, AgentSteps steps)
    {
        if (frame.Text("method") is not { } method)
            steps.Yield(new AgentReported(agent, frame));
        else if (s_levels.Contains(method))
            _levels[method] = frame;
        else if (!s_states.Contains(method) || IsNews(method, frame))
            steps.Yield(new AgentReported(agent, frame));
    }

    public void EndTurn(AgentSteps steps)
    {
        foreach (var (_, frame) in _levels.Where(l => IsNews(l.Key, l.Value)))
            steps.Yield(new AgentReported(agent, frame));
        _levels.Clear();
    }

    // The frame around it has the time.
    private bool IsNews(string method, JsonElement frame)
    {
        var text = frame.Find("params")?.GetRawText();
        if (_told.GetValueOrDefault(method) == text)
            return false;
        _told[method] = text;
        return true;
    }
}
