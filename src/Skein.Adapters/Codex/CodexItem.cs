using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;

namespace Skein.Adapters.Codex;

/// <summary>An item of Codex's that is a call of a tool: what it says of it, begun or over.</summary>
internal sealed class CodexItem(JsonElement item)
{
    private static readonly string[] s_calls =
        ["commandExecution", "fileChange", "mcpToolCall", "dynamicToolCall", "collabAgentToolCall", "webSearch", "imageView", "imageGeneration", "sleep"];

    // What says how it went, and when, is no part of what it was given.
    private static readonly string[] s_outcome =
        ["type", "id", "status", "startedAtMs", "completedAtMs", "durationMs", "result", "results", "error", "contentItems", "success", "agentsStates"];

    // Codex counts every find among those that list.
    private static readonly string[] s_acting = ["-delete", "-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprint0", "-fprintf", "-fls"];

    public static bool IsCall(JsonElement item) => item.Text("type") is { } type && s_calls.Contains(type);

    /// <summary>It may go on when its turn is over.</summary>
    public bool IsCommand => Type == "commandExecution";

    /// <summary>Codex's name of the process of a command; null: it is none, or does not tell.</summary>
    public string? Process => IsCommand ? item.Text("processId") : null;

    public string Tool => Type switch
    {
        "commandExecution" => "shell",
        "fileChange" => "apply_patch",
        "mcpToolCall" => $"mcp__{item.Text("server")}__{item.Text("tool")}",
        "dynamicToolCall" or "collabAgentToolCall" when item.Text("tool") is { } tool => tool,
        var type => type,
    };

    public JsonElement Arguments => Type switch
    {
        "commandExecution" => Built(new JsonObject { ["command"] = Command, ["cwd"] = item.Text("cwd") }),
        "fileChange" => Built(new JsonObject { ["changes"] = item.Find("changes") is { } changes ? JsonNode.Parse(changes.GetRawText()) : null }),
        "mcpToolCall" or "dynamicToolCall" when item.Find("arguments") is { ValueKind: JsonValueKind.Object } arguments => arguments,
        _ => Rest(),
    };

    /// <summary>One line for people.</summary>
    public string Title => Type switch
    {
        "commandExecution" => $"{Tool} {Command}".ReplaceLineEndings(" "),
        "fileChange" => $"{Tool} {string.Join(", ", Paths)}".ReplaceLineEndings(" "),
        "webSearch" when item.Text("query") is { } query => $"{Tool} {query}".ReplaceLineEndings(" "),
        "imageView" when item.Text("path") is { } path => $"{Tool} {path}".ReplaceLineEndings(" "),
        _ => Tool,
    };

    /// <summary>What helps to decide about it: the command, the difference, or what the tool is given.</summary>
    public string Detail => Type switch
    {
        "commandExecution" => Command,
        "fileChange" => Difference,
        _ => Arguments.GetRawText(),
    };

    /// <summary>Whether it changes files of the workspace and nothing else.</summary>
    public bool IsEditWithin(string workspace) =>
        Type == "fileChange" && Paths.Any() && Paths.All(path => WorkspacePath.IsWithin(path, workspace));

    /// <summary>Whether it is known to change no file: it says so, or it is a command that Codex tells to only read, list or search.</summary>
    public bool Reads => Type is "webSearch" or "imageView" or "sleep"
        || (Type == "commandExecution" && item.Items("commandActions").Any() && item.Items("commandActions").All(a => a.Text("type") is "read" or "listFiles" or "search")
            && !Command.Split(' ').Any(s_acting.Contains));

    /// <summary>It declares that it went wrong, or was not allowed.</summary>
    public bool IsError =>
        item.Text("status") is "failed" or "declined" || item.Number("exitCode") is not (null or 0) || item.Find("success") is { ValueKind: JsonValueKind.False };

    /// <summary>What it answered.</summary>
    /// <param name="arrived">What it printed while it ran, for one that does not tell the whole of it.</param>
    public string Output(string arrived)
    {
        var text = Type switch
        {
            "commandExecution" => item.Text("aggregatedOutput") ?? arrived,
            "fileChange" => string.Join('\n', Changes.Select(c => $"{KindOf(c)} {c.Text("path")}")),
            "mcpToolCall" => item.Find("error")?.Text("message") ?? TextOf(item.Find("result")),
            "dynamicToolCall" => string.Join('\n', item.Items("contentItems").Select(c => c.Text("text") ?? c.GetRawText())),
            _ => item.Find("result")?.GetRawText() ?? item.Find("results")?.GetRawText() ?? item.Find("agentsStates")?.GetRawText() ?? "",
        };
        return item.Text("status") == "declined" ? "This was not allowed."
            : item.Number("exitCode") is { } code and not 0 ? $"{text}{(text.Length == 0 || text.EndsWith('\n') ? "" : "\n")}[exit code {code}]"
            : text;
    }

    /// <summary>For programs: the difference that it made, or the exit code.</summary>
    public JsonElement? Metadata => Type switch
    {
        "fileChange" => Built(new JsonObject { ["paths"] = new JsonArray([.. Paths.Select(p => JsonValue.Create(p))]), ["diff"] = Difference }),
        "commandExecution" when item.Number("exitCode") is { } code => Built(new JsonObject { ["exit_code"] = code }),
        _ => null,
    };

    private string Type => item.Text("type") ?? "other";

    /// <summary>As it was meant, without the shell that it is handed to.</summary>
    private string Command
    {
        get
        {
            var whole = item.Text("command") ?? "";
            return AgentCommand.Split(whole) is [var shell, "-c" or "-lc", var command] && Path.GetFileName(shell).EndsWith("sh", StringComparison.Ordinal) ? command : whole;
        }
    }

    private IEnumerable<JsonElement> Changes => item.Items("changes");

    private IEnumerable<string> Paths => Changes.SelectMany(c => new[] { c.Text("path"), c.Find("kind")?.Text("move_path") }).OfType<string>();

    private string Difference => string.Join("", Changes.Select(change =>
    {
        var (path, told) = (change.Text("path") ?? "?", change.Text("diff") ?? "");
        return KindOf(change) switch
        {
            "add" => UnifiedDiff.Of(path, null, told),
            "delete" => UnifiedDiff.Of(path, told, ""),
            _ => $"--- {path}\n+++ {change.Find("kind")?.Text("move_path") ?? path}\n{told.TrimEnd('\n')}\n",
        };
    }));

    private static string KindOf(JsonElement change) => change.Find("kind")?.Text("type") ?? "update";

    private static string TextOf(JsonElement? result) => result is not { } told ? ""
        : told.Items("content").ToList() is { Count: > 0 } blocks ? string.Join('\n', blocks.Select(b => b.Text("text") ?? b.GetRawText()))
        : told.GetRawText();

    private JsonElement Rest()
    {
        var rest = new JsonObject();
        foreach (var field in item.EnumerateObject().Where(f => f.Value.ValueKind != JsonValueKind.Null && !s_outcome.Contains(f.Name)))
            rest[field.Name] = JsonNode.Parse(field.Value.GetRawText());
        return Built(rest);
    }

    private static JsonElement Built(JsonObject value) => JsonElement.Parse(value.ToJsonString(SkeinJson.Relaxed.Options));
}
