namespace Skein.Core.Events;

/// <summary>Which blobs an event names.</summary>
internal static class NamedBlobs
{
    public static IEnumerable<BlobRef> Of(EventBody body) => body switch
    {
        MessageAdded added => added.Parts.SelectMany(p => Of(p.Content)),
        MessageEdited edited => edited.Parts.SelectMany(p => Of(p.Content)),
        PartAdded added => Of(added.Content),
        PromptQueued queued => queued.Parts.SelectMany(p => Of(p.Content)),
        PromptEdited edited => edited.Parts.SelectMany(p => Of(p.Content)),
        PromptSteered steered => steered.Parts.SelectMany(p => Of(p.Content)),
        AgentReported { Whole: { } whole } => [whole],
        SubagentReported told => told.Parts.SelectMany(Of),
        _ => [],
    };

    private static IEnumerable<BlobRef> Of(Part part) => part switch
    {
        ToolResultPart { Whole: { } whole } => [whole],
        FilePart { Content: { } content } => [content],
        _ => [],
    };
}
