using System.Text;
using Skein.Core.Files;

namespace Skein.Core.Running;

/// <summary>The message that tells an origin what its fork did: for the person, and for the model, which knows nothing else of it.</summary>
internal static class MergeMessage
{
    /// <summary>What is older than so many messages is not told.</summary>
    public const int MostMessages = 400;

    private const int MostLines = 40;
    private const int LongestPrompt = 500;
    private const int LongestAnswer = 8000;

    /// <param name="said">In the fork since it was forked, or merged the last time.</param>
    public static string Of(Session fork, IReadOnlyList<Message> said, IReadOnlyList<FileChange> changes, IReadOnlyList<string> conflicts, ConflictChoice choice)
    {
        var text = new StringBuilder();
        text.Append($"What the fork \"{fork.Title}\" ({fork.Id}) of this session did is merged into it.");
        var prompts = said.Where(m => m.Role == Role.User && m.Text.Length > 0).Select(m => "- " + TextCut.Head(m.Text.Trim().ReplaceLineEndings(" "), LongestPrompt, " …")).ToList();
        Add(text, "It was asked:", prompts);
        if (said.LastOrDefault(m => m.Role == Role.Assistant && m.Text.Length > 0) is { } answer)
            text.Append("\n\nIts last answer:\n").Append(TextCut.Head(answer.Text.Trim(), LongestAnswer, " …"));
        Add(text, "Files that are different here now:", [.. changes.Select(Line)]);
        if (changes.Count == 0)
            text.Append("\n\nNo file of this folder became different by it.");
        Add(
            text,
            choice switch
            {
                ConflictChoice.Ours => "Both had changed these files, which are as this session had them:",
                ConflictChoice.Theirs => "Both had changed these files, which are as the fork had them:",
                _ => $"Both had changed these files, and git's marks (<<<<<<< {fork.ForkedFrom!.Session} … >>>>>>> {fork.Id}) show where it must be decided:",
            },
            [.. conflicts.Select(c => "- " + c)]);
        return text.ToString();
    }

    private static void Add(StringBuilder text, string heading, List<string> lines)
    {
        if (lines.Count == 0)
            return;
        text.Append("\n\n").Append(heading);
        foreach (var line in lines.Take(MostLines))
            text.Append('\n').Append(line);
        if (lines.Count > MostLines)
            text.Append($"\n… and {lines.Count - MostLines} more");
    }

    private static string Line(FileChange change) =>
        $"- {change.Kind.ToString().ToLowerInvariant()} {change.Path}{(change is { Added: { } added, Deleted: { } deleted } ? $" (+{added} -{deleted})" : "")}";
}
