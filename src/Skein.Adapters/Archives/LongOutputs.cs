using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Redaction;

namespace Skein.Adapters.Archives;

/// <summary>Results of tools as the log holds them: without secrets, and long ones as their head and tail, all of them in a blob.</summary>
public static class LongOutputs
{
    /// <param name="keep">Stores a text.</param>
    public static async Task<IReadOnlyList<Message>> BoundAsync(IReadOnlyList<Message> messages, Redactor redactor, Func<string, Task<BlobRef>> keep)
    {
        var bound = new List<Message>();
        foreach (var message in messages)
        {
            var parts = new List<MessagePart>();
            foreach (var part in message.Parts)
                parts.Add(part.Content is ToolResultPart result && BoundedOutput.IsLong(result.Output) ? part with { Content = await BoundAsync(result, redactor, keep) } : part);
            bound.Add(message with { Parts = parts });
        }

        return bound;
    }

    private static async Task<ToolResultPart> BoundAsync(ToolResultPart result, Redactor redactor, Func<string, Task<BlobRef>> keep)
    {
        var counts = new RedactionCounts();
        var text = redactor.Redact(result.Output, counts);
        return result with { Output = BoundedOutput.Cut(text), Whole = await keep(text), Redacted = counts.Total(result.Redacted) };
    }
}
