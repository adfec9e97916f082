using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Exports;

/// <summary>A conversation for people, and for other programs. Neither can be imported: they leave out what nobody reads.</summary>
internal static class MarkdownExport
{
    public static string Of(Session session, IReadOnlyList<Message> messages)
    {
        var text = new StringWriter();
        text.Write($"# {(session.Title.Length > 0 ? TerminalText.CleanLine(session.Title) : session.Id.Value)}\n\n");
        text.Write($"- session: `{session.Id}`\n- workspace: `{session.Workspace}`\n- agent: {session.Agent}{(session.Model is { } model ? $", {model}" : "")}\n");
        text.Write($"- from {session.CreatedAt:yyyy-MM-dd HH:mm} to {session.UpdatedAt:yyyy-MM-dd HH:mm} UTC, {Words.Of(session.Usage)}\n");
        foreach (var message in messages)
        {
            text.Write($"\n## {Speaker(message)}\n");
            Write(text, message);
        }

        return TerminalText.Clean(text.ToString());
    }

    /// <summary>What stands in one message.</summary>
    public static string Of(Message message)
    {
        var text = new StringWriter();
        Write(text, message);
        return TerminalText.Clean(text.ToString()).Trim('\n');
    }

    public static string Json(SessionView session, IReadOnlyList<Message> messages)
    {
        var page = JsonSerializer.SerializeToNode(new MessagePage(messages, null, session.Session.Seq), SkeinJson.Relaxed.MessagePage)!;
        return TerminalText.EscapeJson(new JsonObject
        {
            ["session"] = JsonSerializer.SerializeToNode(session, SkeinJson.Relaxed.SessionView),
            ["messages"] = page["items"]!.DeepClone(),
        }.ToJsonString(SkeinJson.Relaxed.Options));
    }

    private static string Speaker(Message message) => message.Role switch
    {
        Role.User => "You",
        Role.Assistant => message.Model ?? "Assistant",
        Role.System => message.Summary is null ? "System" : "Summary of what was said before",
        _ => "Tool",
    };

    private static void Write(TextWriter text, Message message)
    {
        foreach (var part in message.Parts)
            Write(text, part.Content);
    }

    private static void Write(TextWriter text, Part part)
    {
        switch (part)
        {
            case TextPart said:
                text.Write($"\n{said.Text.Trim('\n')}\n");
                break;
            case SummaryPart summary:
                text.Write($"\n{summary.Text.Trim('\n')}\n");
                break;
            case ReasoningPart thought:
                text.Write($"\n> {thought.Text.Trim('\n').Replace("\n", "\n> ", StringComparison.Ordinal)}\n");
                break;
            case ToolCallPart call:
                text.Write($"\n**{ToolCalls.Title(call)}**\n");
                Fence(text, "json", call.Arguments.ValueKind == JsonValueKind.Undefined ? "{}" : call.Arguments.GetRawText());
                break;
            case ToolResultPart result:
                if (result.IsError)
                    text.Write("\nfailed:\n");
                Fence(text, "", result.Output);
                break;
            case FilePart file:
                text.Write($"\n[{file.Name ?? "file"}, {file.MediaType}]\n");
                break;
        }
    }

    private static void Fence(TextWriter text, string language, string content)
    {
        var fence = CodeFence.Around(content);
        text.Write($"\n{fence}{language}\n{content.TrimEnd('\n')}\n{fence}\n");
    }
}
