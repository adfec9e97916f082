using System.Globalization;
using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core.Events;

namespace Skein.Adapters.Claude;

/// <summary>
/// What Claude Code means to do, put together from its own tools for that: one that writes the whole list, and newer ones that make and
/// change one task each. What it did before this start of its program is not known.
/// </summary>
internal sealed class ClaudePlan
{
    private readonly SortedDictionary<long, PlanStep> _tasks = [];

    public static bool IsOf(string tool) => tool is "TodoWrite" or "TaskCreate" or "TaskUpdate";

    /// <summary>A call of one of the tools went well.</summary>
    /// <param name="told">The frame's <c>tool_use_result</c>.</param>
    /// <returns>Null: the list is as it was.</returns>
    public IReadOnlyList<PlanStep>? Hear(string tool, JsonElement input, JsonElement? told)
    {
        switch (tool)
        {
            case "TodoWrite" when input.Find("todos") is { ValueKind: JsonValueKind.Array }:
                return PlanSteps.Of(input, "todos");
            case "TaskCreate" when input.Text("subject") is { } subject && IdOf(told?.Find("task")?.Text("id")) is { } made:
                _tasks[made] = new PlanStep(subject, PlanStepStatus.Pending);
                break;
            case "TaskUpdate" when IdOf(input.Text("taskId")) is { } id && _tasks.TryGetValue(id, out var task):
                if (input.Text("status") == "deleted")
                    _tasks.Remove(id);
                else
                    _tasks[id] = new PlanStep(input.Text("subject") ?? task.Text, input.Text("status") is { } status ? PlanSteps.StatusOf(status) : task.Status);
                break;
            default:
                return null;
        }

        return [.. _tasks.Values];
    }

    private static long? IdOf(string? id) => long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
