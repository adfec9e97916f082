using System.Globalization;
using System.Text;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Repl;

/// <summary>A session as a Markdown document for people.</summary>
internal static class MarkdownExport
{
    public static string Of(Session session, IReadOnlyList<Message> messages)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {TerminalText.CleanLine(session.Title)}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{session.Id} · {session.Model ?? session.Agent} · {session.CreatedAt:yyyy-MM-dd HH:mm} UTC\n");
        foreach (var message in messages)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {(message.Role == Role.User ? "You" : message.Model ?? message.Role.ToString())}\n");
            foreach (var part in message.Parts)
                Append(text, part.Content);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, Part part)
    {
        switch (part)
        {
            case TextPart said:
                text.Append('\n').Append(said.Text.Trim('\n')).Append('\n');
                break;
            case SummaryPart summary:
                text.Append("\nSummary of what was said before:\n\n").Append(summary.Text.Trim('\n')).Append('\n');
                break;
            case ReasoningPart thought:
                text.Append("\n> ").Append(thought.Text.Trim('\n').Replace("\n", "\n> ", StringComparison.Ordinal)).Append('\n');
                break;
            case ToolCallPart call:
                text.Append("\n**").Append(ToolCalls.Title(call)).Append("**\n");
                break;
            case ToolResultPart result:
                AppendBlock(text, result.Output);
                break;
            case FilePart file:
                text.Append(CultureInfo.InvariantCulture, $"\n[{file.Name ?? "file"}, {file.MediaType}]\n");
                break;
        }
    }

    // The fence is longer than any in the text, or the text would end it.
    private static void AppendBlock(StringBuilder text, string output)
    {
        var longest = output.Split('\n').Max(l => l.TrimStart().TakeWhile(c => c == '`').Count());
        var fence = new string('`', Math.Max(3, longest + 1));
        text.Append('\n').Append(fence).Append('\n').Append(output.TrimEnd('\n')).Append('\n').Append(fence).Append('\n');
    }
}
