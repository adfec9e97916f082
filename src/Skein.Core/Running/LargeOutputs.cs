using System.Text;
using Skein.Core.Redaction;

namespace Skein.Core.Running;

/// <summary>Keeps an output of a tool that is too long for an event as a blob, so that logs stay readable whoever hands it in; the event has its head and tail.</summary>
internal static class LargeOutputs
{
    /// <summary>Characters.</summary>
    public const int Most = 32 * 1024;

    private const int Tail = 4 * 1024;
    private const string TextType = "text/plain; charset=utf-8";

    /// <summary>Any part as a client or a file hands it in.</summary>
    public static async Task<Part> KeepAsync(RunnerParts parts, Part part, CancellationToken cancellationToken) =>
        part is ToolResultPart { Whole: null } result && IsLarge(result)
            ? await KeepAsync(
                result, parts.Redactor, (content, type, token) => BlobRedaction.PutAsync(parts.Redactor, parts.Store.PutBlobAsync, content, type, token), cancellationToken)
            : part;

    public static bool IsLarge(ToolResultPart result) => result.Output.Length > Most;

    /// <param name="put">Stores it without its secrets.</param>
    public static async Task<ToolResultPart> KeepAsync(ToolResultPart result, Redactor redactor, PutBlob put, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(result.Output));
        var whole = await put(content, TextType, cancellationToken);

        // Redacted before it is cut: half a secret would not be known for one.
        return result with { Output = Cut(redactor.Redact(result.Output)), Whole = whole, Redacted = whole.Redacted };
    }

    /// <summary>The head and the tail of a text that is too long, with a line between them that says how much is left out.</summary>
    private static string Cut(string text)
    {
        if (text.Length <= Most)
            return text;

        var (head, tail) = (TextCut.Before(text, Most - Tail), TextCut.After(text, text.Length - Tail));
        return $"{text.AsSpan(0, head)}\n[… {tail - head:N0} characters left out here; the whole output, {text.Length:N0} characters, is kept with the session …]\n{text.AsSpan(tail)}";
    }
}
