using System.Text;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Running;

namespace Skein.Adapters.Driving;

/// <summary>Keeps what a driven agent hands over in big pieces as blobs, so that the log stays readable: results of tools, and raw frames.</summary>
internal static class BoundedOutput
{
    public static async ValueTask<AgentEvents> OfAsync(IReadOnlyList<EventBody> told, ITurn turn, CancellationToken cancellationToken)
    {
        var bodies = new List<EventBody>();
        foreach (var body in told)
            bodies.Add(IsBig(body) ? await BoundAsync(body, turn, cancellationToken) : body);
        return new AgentEvents(bodies);
    }

    private static bool IsBig(EventBody body) => body switch
    {
        PartAdded { Content: ToolResultPart result } => LargeOutputs.IsLarge(result),
        SubagentReported told => told.Parts.OfType<ToolResultPart>().Any(LargeOutputs.IsLarge),
        AgentReported { Frame: { } frame } => frame.GetRawText().Length > LargeOutputs.Most,
        _ => false,
    };

    private static async Task<EventBody> BoundAsync(EventBody body, ITurn turn, CancellationToken cancellationToken)
    {
        if (body is AgentReported { Frame: { } frame } reported)
        {
            using var content = new MemoryStream(Encoding.UTF8.GetBytes(frame.GetRawText()));
            return reported with { Frame = null, Whole = await turn.PutBlobAsync(content, "application/json", cancellationToken) };
        }

        if (body is PartAdded { Content: ToolResultPart only } added)
            return added with { Content = await LargeOutputs.KeepAsync(only, turn.Redactor, turn.PutBlobAsync, cancellationToken) };

        var told = (SubagentReported)body;
        var parts = new List<Part>();
        foreach (var part in told.Parts)
            parts.Add(part is ToolResultPart result && LargeOutputs.IsLarge(result) ? await LargeOutputs.KeepAsync(result, turn.Redactor, turn.PutBlobAsync, cancellationToken) : part);
        return told with { Parts = parts };
    }
}
