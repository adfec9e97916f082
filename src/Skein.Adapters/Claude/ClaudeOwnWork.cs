using System.Text.Json;
using Skein.Adapters.Driving;

namespace Skein.Adapters.Claude;

/// <summary>
/// What Claude Code does beside the turn it was asked for: sub-agents in the background, and turns that it begins by itself when they,
/// or its background commands, are done. A turn goes on as long as its sub-agents work, and does not end with the end of another.
/// </summary>
internal sealed class ClaudeOwnWork
{
    private readonly HashSet<string> _subagents = new(StringComparer.Ordinal);
    private string? _prompt;
    private bool _replays;
    private bool _isNotified;
    private int _tasks;

    /// <summary>The sub-agents that work now, by its own ids.</summary>
    public IReadOnlyCollection<string> Subagents => _subagents;

    /// <summary>Whether it goes on by itself after a result: sub-agents work, or are done, and no call of the model has told so yet.</summary>
    public bool GoesOn => _subagents.Count > 0 || _isNotified;

    /// <summary>Whether a result that comes now is that of a turn which it began by itself, before it looked at the prompt. Older versions do not tell.</summary>
    public bool IsOther => _replays && _prompt is not null;

    /// <summary>Sub-agents or commands have worked in the background since the prompt.</summary>
    public bool RanBeside { get; private set; }

    /// <summary>A prompt is on its way.</summary>
    /// <returns>The id to send with it.</returns>
    public string Prompt()
    {
        RanBeside = _tasks > 0;
        return _prompt = Guid.NewGuid().ToString();
    }

    public void Hear(JsonElement frame)
    {
        switch (frame.Text("type"))
        {
            case "user" when frame.Find("isReplay") is not null:
                _replays = true;
                if (frame.Text("uuid") == _prompt)
                    _prompt = null;
                break;

            case "system" when frame.Text("subtype") == "task_notification" && _subagents.Contains(frame.Text("task_id") ?? ""):
                _isNotified = true;
                break;
            case "system" when frame.Text("subtype") == "status" && frame.Text("status") == "requesting":
                _isNotified = false;
                break;

            // A command may run for as long as the session; what it does when it ends is for the next prompt.
            case "system" when frame.Text("subtype") == "background_tasks_changed":
                _tasks = frame.Items("tasks").Count();
                RanBeside |= _tasks > 0;
                _subagents.Clear();
                _subagents.UnionWith(frame.Items("tasks").Where(t => t.Text("task_type") == "local_agent").Select(t => t.Text("task_id")).OfType<string>());
                break;
        }
    }
}
