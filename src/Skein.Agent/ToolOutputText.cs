using System.Text;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Redaction;

namespace Skein.Agent;

/// <summary>What the model is shown of an output: all of it, or its head and tail. The whole is then kept as a blob.</summary>
internal static class ToolOutputText
{
    /// <summary>Characters; some 8,000 tokens.</summary>
    public const int Most = 30_000;

    private const int Head = 20_000;
    private const int Tail = Most - Head;
    private const string TextType = "text/plain; charset=utf-8";

    public static async Task<ToolResultPart> BoundAsync(string callId, ToolOutput output, ITurn turn, CancellationToken cancellationToken)
    {
        BlobRef? whole = null;
        if (output.Whole is { } stream)
            await using (stream)
                whole = await turn.PutBlobAsync(stream, TextType, cancellationToken);

        // Before it is cut: half a secret would not be known for one.
        var counts = new RedactionCounts();
        var shown = turn.Redactor.Redact(output.Text, counts);
        if (shown.Length <= Most)
            return new ToolResultPart(callId, shown, output.IsError, whole, counts.Total());

        if (whole is null)
        {
            using var text = new MemoryStream(Encoding.UTF8.GetBytes(output.Text));
            whole = await turn.PutBlobAsync(text, TextType, cancellationToken);
        }

        return new ToolResultPart(callId, Cut(shown, whole), output.IsError, whole, counts.Total());
    }

    // At line ends where there are any near, and never within a character.
    private static string Cut(string text, BlobRef whole)
    {
        var head = text.LastIndexOf('\n', Head - 1, Head / 4) is var end and >= 0 ? end + 1 : TextCut.Before(text, Head);
        var from = text.Length - Tail;
        var tail = text.IndexOf('\n', from, Tail / 4) is var start and >= 0 ? start + 1 : TextCut.After(text, from);

        return $"{text.AsSpan(0, head)}\n[… {tail - head:N0} characters left out here; all of it, {whole.Size:N0} bytes, can be read with the tool read, path output:{whole.Sha256} …]\n{text.AsSpan(tail)}";
    }
}
