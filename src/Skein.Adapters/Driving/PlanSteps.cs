using System.Text.Json;
using Skein.Core.Events;

namespace Skein.Adapters.Driving;

/// <summary>An agent's plan, as lists of it look in all protocols: objects with a text and a status.</summary>
internal static class PlanSteps
{
    /// <param name="list">The list's name.</param>
    public static IReadOnlyList<PlanStep> Of(JsonElement told, string list) =>
        [.. told.Items(list).Select(s => (Text: s.Text("content") ?? s.Text("step") ?? s.Text("description"), Status: s.Text("status")))
            .Where(s => s.Text is { Length: > 0 }).Select(s => new PlanStep(s.Text!, StatusOf(s.Status)))];

    /// <summary>The plan that a call of a tool for todo lists writes; null: it is no such call.</summary>
    public static IReadOnlyList<PlanStep>? OfCall(JsonElement arguments) =>
        arguments.Items("todos").Any(s => s.Text("status") is not null) ? Of(arguments, "todos") : null;

    public static PlanStepStatus StatusOf(string? status) => status switch
    {
        "in_progress" or "inProgress" => PlanStepStatus.InProgress,
        "completed" => PlanStepStatus.Completed,
        _ => PlanStepStatus.Pending,
    };
}
