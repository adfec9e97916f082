using System.Text.Json;
using Skein.Adapters.Acp;
using Skein.Adapters.Driving;

namespace Skein.Tests.Adapters.Acp;

/// <summary>
/// A recorded conversation with an agent that speaks ACP. What Qwen Code tells of its commands is half a megabyte in each, and its texts
/// are cut to 100 characters in the recordings; all else is as it was said.
/// </summary>
internal sealed class AcpReplay() : RpcReplay(new AcpProtocol("goose", TimeProvider.System))
{
    private const string Folder = "tests/Skein.Tests/Adapters/Acp/Captures";

    public static IEnumerable<string> Names => NamesIn(Folder);

    public static IReadOnlyList<JsonElement> Lines(string name) => LinesOf(Folder, name);

    /// <summary>Opened as the recording was.</summary>
    public static AcpReplay Begun(IReadOnlyList<JsonElement> lines)
    {
        var replay = new AcpReplay();
        replay.Begin(Resumed(lines));
        return replay;
    }

    /// <summary>The agent's own id of the session that the recording opens first, which is Skein's session; null: it opens none.</summary>
    public static string? Session(IEnumerable<JsonElement> lines) =>
        Resumed(lines) ?? lines.Where(l => l.Text("dir") == "out").Select(l => l.Find("msg", "result")?.Text("sessionId")).FirstOrDefault(id => id is not null);

    /// <summary>The text that an agent's frame says; null: none.</summary>
    public static string? Said(JsonElement frame) =>
        frame.Find("params", "update") is { } update && update.Text("sessionUpdate") == "agent_message_chunk" ? update.Find("content")?.Text("text") : null;

    protected override void Tell(string method, JsonElement frame)
    {
        if (frame.Find("params")?.Text("sessionId") != Open)
            return;
        if (method == "session/prompt")
            Prompt();
        else if (method == "session/cancel")
            Interrupt();
    }

    protected override string? ResultOf(string method) => method is "session/set_mode" or "session/set_model" or "session/set_config_option" ? "{}" : null;

    protected override string Ours(string method) => method is "session/resume" ? "session/load" : method;

    private static string? Resumed(IEnumerable<JsonElement> lines) =>
        lines.Select(l => l.Find("msg")).FirstOrDefault(m => m?.Text("method") is "session/load" or "session/resume")?.Find("params")?.Text("sessionId");
}
