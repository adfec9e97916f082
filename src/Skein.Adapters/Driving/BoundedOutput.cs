using System.Text;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Driving;

/// <summary>Keeps what a driven agent hands over in big pieces as blobs, so that the log stays readable: results of tools, and raw frames.</summary>
internal static class BoundedOutput
{
    private const int MostText = 32 * 1024;
    private const int Kept = 4 * 1024;
    private const string TextType = "text/plain; charset=utf-8";

    public static bool IsLong(string output) => output.Length > MostText;

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
        PartAdded { Content: ToolResultPart result } => IsLong(result.Output),
        AgentReported { Frame: { } frame } => frame.GetRawText().Length > MostText,
        _ => false,
    };

    private static async Task<EventBody> BoundAsync(EventBody body, ITurn turn, CancellationToken cancellationToken)
    {
        if (body is AgentReported { Frame: { } frame } reported)
            return reported with { Frame = null, Whole = await KeepAsync(frame.GetRawText(), "application/json", turn, cancellationToken) };

        var (added, result) = ((PartAdded)body, (ToolResultPart)((PartAdded)body).Content);
        var whole = await KeepAsync(result.Output, TextType, turn, cancellationToken);

        // Redacted before it is cut: half a secret would not be known for one.
        var shown = turn.Redactor.Redact(result.Output, new Core.Redaction.RedactionCounts());
        return added with { Content = result with { Output = Cut(shown), Whole = whole, Redacted = whole.Redacted } };
    }

    private static async Task<BlobRef> KeepAsync(string text, string type, ITurn turn, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return await turn.PutBlobAsync(content, type, cancellationToken);
    }

    /// <summary>Its head and its tail, where it is long.</summary>
    public static string Cut(string text)
    {
        if (!IsLong(text))
            return text;

        var head = char.IsHighSurrogate(text[MostText - Kept - 1]) ? MostText - Kept - 1 : MostText - Kept;
        var tail = char.IsLowSurrogate(text[^Kept]) ? text.Length - Kept + 1 : text.Length - Kept;
        return $"{text.AsSpan(0, head)}\n[… {tail - head:N0} characters left out here; the whole output, {text.Length:N0} characters, is kept with the session …]\n{text.AsSpan(tail)}";
    }
}
