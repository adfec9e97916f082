using Skein.Core;
using Skein.Core.Events;

namespace Skein.Cli.Screen;

/// <summary>Events that a person is told about in one line.</summary>
internal static class Notices
{
    /// <summary>Null: not worth a line.</summary>
    public static (string Text, Style Style)? Of(EventBody body) => body switch
    {
        TurnFailed { Provider: { } provider } failed when !failed.Message.StartsWith(provider + " ", StringComparison.Ordinal) => ($"✗ {provider}: {failed.Message}", Style.Bad),
        TurnFailed failed => ($"✗ {failed.Message}", Style.Bad),
        TurnInterrupted { Reason: "crash" } => ("■ interrupted: the server died", Style.Warning),
        TurnInterrupted { Reason: "stop" } => ("■ interrupted: the server was stopped", Style.Warning),
        TurnInterrupted => ("■ interrupted", Style.Warning),
        ModelRetried retried => ($"↻ {retried.Message}; attempt {retried.Attempt + 1} in {Spans.Took(TimeSpan.FromMilliseconds(retried.DelayMs))}", Style.Warning),
        SessionRepaired repaired => ("⚒ mended: " + string.Join(" ", repaired.Repairs.Select(r => r.What)), Style.Warning),
        PermissionAnswered { Expired: true } => ("  nobody answered in time", Style.Dim),
        PermissionAnswered answered => ($"  answered: {Answer(answered)}", Style.Dim),
        PromptQueued => ("… a prompt waits for the turn to end", Style.Dim),
        TurnStarted { Compact: not null } => ("⧉ summarising …", Style.Dim),
        ContextPruned pruned => ($"⧉ of {Spans.Plural(pruned.Outputs, "big old output")} the model is sent only the beginning now: about {Spans.Tokens(pruned.Tokens)} less", Style.Dim),
        PlanUpdated plan => ("☰ " + (plan.Steps.Count == 0 ? "no plan" : string.Join(" · ", plan.Steps.Select(s => $"{Mark(s.Status)} {s.Text}"))), Style.Dim),
        SubagentReported { Parts: [.., var last] } when Of(last) is { } did => ($"  ↳ {did}", Style.Dim),
        AgentCompacted compacted => ($"⧉ {compacted.Agent} summarised what was said before{(compacted.TokensBefore is { } tokens ? $", {Spans.Tokens(tokens)}" : "")}", Style.Dim),
        SessionRewound rewound => ($"↶ rewound to {Spans.Plural(rewound.Messages, "message")}", Style.Dim),
        SessionUnrewound back => ($"↷ unrewound: {Spans.Plural(back.Messages, "message")} again", Style.Dim),
        FilesCheckpointDelayed delayed => ($"⧗ taking a snapshot of {(delayed.Files is { } files ? Spans.Plural(files, "file") : "the files")} …", Style.Dim),
        FilesCheckpointFailed failed => ($"⚠ {failed.Reason}", Style.Warning),
        ForkMerged merged => ($"⑃ merged what {merged.Fork} did{(merged.Conflicts is { } both ? $"; both had changed {string.Join(", ", both)}" : "")}", Style.Dim),
        FilesRestored { Kept: null } => ("↺ files restored", Style.Dim),
        FilesRestored { Kept: var kept } => ($"↺ files restored, but for {string.Join("; ", kept)}", Style.Warning),
        SessionTrashed => ("this session is in the trash now", Style.Warning),
        SessionForked forked => ($"⑂ forked from {forked.From.Session}", Style.Dim),
        Gap { IsLoss: true } gap => ($"⚠ {gap.Lost} cannot be read: the log is damaged there", Style.Bad),
        Gap => ("⚠ the log is damaged here; no event was lost", Style.Bad),
        _ => null,
    };

    /// <summary>The head of a summary.</summary>
    public static string Of(SummaryPart summary) =>
        $"⧉ summary of what was said before, {(summary.Kept == 0 ? "" : $"but for the last {Spans.Plural(summary.Kept, "message")}, ")}in a context of about {Spans.Tokens(summary.Tokens)}; the model is sent this instead";

    private static string? Of(Part part) => part switch
    {
        TextPart said => said.Text.Split('\n')[0],
        ToolCallPart call => ToolCalls.Title(call),
        _ => null,
    };

    private static string Mark(PlanStepStatus status) => status switch
    {
        PlanStepStatus.Completed => "✓",
        PlanStepStatus.InProgress => "▸",
        _ => "○",
    };

    private static string Answer(PermissionAnswered answered) => (answered.Answer switch
    {
        PermissionAnswer.Once => "yes",
        PermissionAnswer.Always => "always",
        _ => "no",
    }) + (answered.Message is { Length: > 0 } why ? $" ({why})" : "");
}
