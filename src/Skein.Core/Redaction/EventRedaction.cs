using Skein.Core.Events;

namespace Skein.Core.Redaction;

/// <summary>
/// What of events is looked at before they are appended: what tools are given and print, and what is shown of it beside. What people
/// prompt and what the model says is not touched.
/// </summary>
internal static class EventRedaction
{
    public static IReadOnlyList<EventBody> Redact(this Redactor redactor, IReadOnlyList<EventBody> bodies) =>
        redactor.IsOn ? [.. bodies.Select(redactor.Redact)] : bodies;

    /// <summary>A tool's call or result; every other part comes back as it is.</summary>
    public static Part Redact(this Redactor redactor, Part part)
    {
        if (!redactor.IsOn)
            return part;

        var counts = new RedactionCounts();
        return part switch
        {
            ToolCallPart call when redactor.Redact(call.Arguments, counts) is var arguments && counts.Any =>
                call with { Arguments = arguments, Redacted = counts.Total(call.Redacted) },
            ToolResultPart result => Redact(redactor, result, counts),
            _ => part,
        };
    }

    private static EventBody Redact(this Redactor redactor, EventBody body) => body switch
    {
        PartAdded { Content: ToolCallPart or ToolResultPart } added => added with { Content = redactor.Redact(added.Content) },
        MessageAdded added => added with { Parts = redactor.Redact(added.Parts) },
        MessageEdited edited => edited with { Parts = redactor.Redact(edited.Parts) },
        ToolStarted started => started with { Title = redactor.RedactAny(started.Title) },
        ToolFinished { Metadata: { } metadata } finished => finished with { Metadata = redactor.Redact(metadata, new RedactionCounts()) },
        PermissionAsked asked => redactor.Redact(asked),
        AgentReported reported => redactor.Redact(reported),
        SubagentReported told => told with { Parts = [.. told.Parts.Select(redactor.Redact)] },
        PlanUpdated plan => plan with { Steps = [.. plan.Steps.Select(s => s with { Text = redactor.Redact(s.Text) })] },
        // What a provider or a program says of a failure may repeat the key that it was shown.
        ModelRetried retried => retried with { Message = redactor.Redact(retried.Message) },
        // A model may name a session by what a tool has printed.
        SessionTitled { Source: TitleSource.Model } titled => titled with { Title = redactor.Redact(titled.Title) },
        PartDropped dropped => dropped with { Reason = redactor.Redact(dropped.Reason) },
        FilesCheckpointed { LeftOut: { } leftOut } taken => taken with { LeftOut = [.. leftOut.Select(redactor.Redact)] },
        FilesRestored { Kept: { } kept } restored => restored with { Kept = [.. kept.Select(redactor.Redact)] },
        TurnFailed failed => failed with { Message = redactor.Redact(failed.Message) },
        _ => body,
    };

    // A rule for ever must not hold a secret, and one with a mark in it would match nothing: such a question cannot be remembered.
    private static PermissionAsked Redact(this Redactor redactor, PermissionAsked asked) => asked with
    {
        Title = redactor.Redact(asked.Title),
        Detail = redactor.RedactAny(asked.Detail),
        Pattern = asked.Pattern is { } pattern && redactor.Redact(pattern) == pattern ? pattern : null,
    };

    private static AgentReported Redact(this Redactor redactor, AgentReported reported) => reported with
    {
        Frame = reported.Frame is { } frame ? redactor.Redact(frame, new RedactionCounts()) : null,
        Whole = Shown(redactor, reported.Whole),
    };

    private static BlobRef? Shown(Redactor redactor, BlobRef? blob) =>
        blob is null ? null : blob with { Head = redactor.RedactAny(blob.Head), Tail = redactor.RedactAny(blob.Tail) };

    private static ToolResultPart Redact(Redactor redactor, ToolResultPart result, RedactionCounts counts)
    {
        var output = redactor.Redact(result.Output, counts);
        return result with { Output = output, Whole = Shown(redactor, result.Whole), Redacted = counts.Total(result.Redacted) };
    }

    private static IReadOnlyList<MessagePart> Redact(this Redactor redactor, IReadOnlyList<MessagePart> parts) =>
        parts.Any(p => p.Content is ToolCallPart or ToolResultPart) ? [.. parts.Select(p => p with { Content = redactor.Redact(p.Content) })] : parts;

    private static string? RedactAny(this Redactor redactor, string? text) => text is null ? null : redactor.Redact(text);
}
