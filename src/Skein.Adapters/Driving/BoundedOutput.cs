using System.Text;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Running;

namespace Skein.Adapters.Driving;

/// <summary>Keeps what a driven agent hands over in big pieces as blobs, so that the log stays readable: results of tools, and raw frames.</summary>
internal static class BoundedOutput
{
    private const string TextType = "text/plain; charset=utf-8";

    public static async ValueTask<AgentOutput> OfAsync(AgentOutput output, ITurn turn, CancellationToken cancellationToken)
    {
        if (output is not AgentEvents events || !events.Bodies.Any(IsBig))
            return output;

        var bodies = new List<EventBody>();
        foreach (var body in events.Bodies)
            bodies.Add(IsBig(body) ? await BoundAsync(body, turn, cancellationToken) : body);
        return new AgentEvents(bodies);
    }

    private static bool IsBig(EventBody body) => body switch
    {
        PartAdded { Content: ToolResultPart result } => IsBig(result),
        SubagentReported told => told.Parts.OfType<ToolResultPart>().Any(IsBig),
        AgentReported { Frame: { } frame } => frame.GetRawText().Length > LargeOutputs.Most,
        _ => false,
    };

    private static async Task<EventBody> BoundAsync(EventBody body, ITurn turn, CancellationToken cancellationToken)
    {
        if (body is AgentReported { Frame: { } frame } reported)
            return reported with { Frame = null, Whole = await KeepAsync(frame.GetRawText(), "application/json", turn, cancellationToken) };

        if (body is PartAdded { Content: ToolResultPart only } added)
            return added with { Content = await BoundAsync(only, turn, cancellationToken) };

        var told = (SubagentReported)body;
        var parts = new List<Part>();
        foreach (var part in told.Parts)
            parts.Add(part is ToolResultPart result && IsBig(result) ? await BoundAsync(result, turn, cancellationToken) : part);
        return told with { Parts = parts };
    }

    private static bool IsBig(ToolResultPart result) => result.Output.Length > LargeOutputs.Most;

    private static async Task<ToolResultPart> BoundAsync(ToolResultPart result, ITurn turn, CancellationToken cancellationToken)
    {
        var whole = await KeepAsync(result.Output, TextType, turn, cancellationToken);

        // Redacted before it is cut: half a secret would not be known for one.
        var shown = turn.Redactor.Redact(result.Output, new Core.Redaction.RedactionCounts());
        return result with { Output = LargeOutputs.Cut(shown), Whole = whole, Redacted = whole.Redacted };
    }

    private static async Task<BlobRef> KeepAsync(string text, string type, ITurn turn, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return await turn.PutBlobAsync(content, type, cancellationToken);
    }
}
