using System.Text;
using Skein.Core;

namespace Skein.Adapters.Driving;

/// <summary>What an agent is told of a session that it does not know: another agent's, a fork's, or one that it lost.</summary>
internal static class Handover
{
    /// <summary>Characters, of the newest: some 25,000 tokens.</summary>
    private const int Most = 100_000;

    private const int MostOfResult = 1000;

    /// <param name="messages">The session's, the prompt last.</param>
    /// <returns>Null: there was nothing before the prompt.</returns>
    public static string? Of(IReadOnlyList<Message> messages) =>
        Told("This conversation began elsewhere. What was said and done in it so far stands between the lines; go on from there.", messages.SkipLast(1));

    /// <param name="aside">What came into the session without the agent's doing: a merge, or messages added by hand.</param>
    /// <returns>Null: nothing did.</returns>
    public static string? OfAside(IReadOnlyList<Message> aside) =>
        Told("Since you last answered, what stands between the lines was added to this conversation.", aside);

    private static string? Told(string heading, IEnumerable<Message> messages)
    {
        var said = messages.Select(Text).Where(t => t.Length > 0).ToList();
        if (said.Count == 0)
            return null;

        var kept = new List<string>();
        for (int i = said.Count - 1, length = 0; i >= 0 && (length += said[i].Length) <= Most; i--)
            kept.Insert(0, said[i]);
        var left = said.Count - kept.Count;
        return $"{heading}\n-----\n{(left > 0 ? $"[{left} earlier messages are left out]\n\n" : "")}{string.Join("\n\n", kept)}\n-----\n";
    }

    private static string Text(Message message)
    {
        var text = new StringBuilder();
        foreach (var part in message.Parts.Select(p => p.Content))
        {
            var line = part switch
            {
                TextPart said => said.Text,
                ToolCallPart call => $"[called {call.Tool}: {Cut(call.Arguments.GetRawText())}]",
                ToolResultPart result => $"[{(result.IsError ? "failed" : "result")}: {Cut(result.Output)}]",
                SummaryPart summary => $"[in short, what was said before, but for the {summary.Kept} messages above: {summary.Text}]",
                FilePart file => $"[file {file.Name ?? file.MediaType}]",
                _ => "",
            };
            if (line.Length > 0)
                text.Append(text.Length > 0 ? "\n" : "").Append(line);
        }

        return text.Length == 0 ? "" : $"{(message.Role == Role.User ? "User" : "Assistant")}:\n{text}";
    }

    private static string Cut(string text) => TextCut.Head(text, MostOfResult, "…");
}
