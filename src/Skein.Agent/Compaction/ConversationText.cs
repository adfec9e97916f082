using System.Globalization;
using System.Text;
using Skein.Core;

namespace Skein.Agent.Compaction;

/// <summary>
/// Messages as one text, for a summary to be made of it: a model that is sent the conversation itself would go on with it. It is no longer
/// than is asked for, whatever the messages hold.
/// </summary>
internal static class ConversationText
{
    // Characters of a text, and of a tool's arguments or output: the first that fits is taken.
    private static readonly (int Said, int Tool)[] s_caps = [(20_000, 3_000), (6_000, 800), (1_500, 200), (400, 80)];

    /// <param name="tokens">The most it may take.</param>
    public static string Of(IReadOnlyList<Message> messages, long tokens)
    {
        string[] written = [];
        foreach (var caps in s_caps)
        {
            written = [.. messages.Select(m => Write(m, caps.Said, caps.Tool))];
            if (written.Sum(TokenEstimate.Of) <= tokens)
                return string.Concat(written);
        }

        // What came last matters most.
        var first = written.Length;
        for (var used = 0L; first > 0 && (used += TokenEstimate.Of(written[first - 1])) <= tokens;)
            first--;
        return $"[{first} older messages are left out: they do not fit]\n\n{string.Concat(written[first..])}";
    }

    private static string Write(Message message, int said, int tool)
    {
        var text = new StringBuilder();
        foreach (var part in message.Parts)
        {
            switch (part.Content)
            {
                case TextPart { Text: { } words } when !string.IsNullOrWhiteSpace(words):
                    text.Append(CultureInfo.InvariantCulture, $"[{Speaker(message)}]\n{Cut(words.Trim(), said)}\n\n");
                    break;
                case ToolCallPart call:
                    text.Append(CultureInfo.InvariantCulture, $"[the assistant calls {call.Tool}]\n{Cut(call.Arguments.ToString(), tool)}\n\n");
                    break;
                case ToolResultPart result:
                    text.Append(CultureInfo.InvariantCulture, $"[{(result.IsError ? "the call failed" : "its result")}]\n{Cut(result.Output.Trim(), tool)}\n\n");
                    break;
                case FilePart file:
                    text.Append(CultureInfo.InvariantCulture, $"[{Speaker(message)} attached {file.Name ?? "a file"}, {file.MediaType}]\n\n");
                    break;
            }
        }

        return text.ToString();
    }

    private static string Speaker(Message message) => message.Role switch
    {
        Role.User => "the user",
        Role.Assistant => "the assistant",
        Role.Tool => "a tool",
        _ => "the system",
    };

    // Of what is cut the end is kept too: there stand errors and conclusions.
    private static string Cut(string text, int most)
    {
        if (text.Length <= most)
            return text;

        var (head, tail) = (TextCut.Before(text, most * 2 / 3), TextCut.After(text, text.Length - (most / 3)));
        return string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, head)} [… {tail - head:N0} characters …] {text.AsSpan(tail)}");
    }
}
