using System.Text.Json;
using Skein.Adapters.Acp;
using Skein.Adapters.Driving;

namespace Skein.Tests.Adapters.Acp;

/// <summary>A recorded conversation with an agent that speaks ACP.</summary>
internal sealed class AcpReplay() : Replay(new AcpProtocol("goose", TimeProvider.System))
{
    private const string Folder = "tests/Skein.Tests/Adapters/Acp/Captures";

    public static IEnumerable<string> Names => NamesIn(Folder);

    public static IReadOnlyList<JsonElement> Lines(string name) => LinesOf(Folder, name);

    /// <summary>Opened as the recording was.</summary>
    public static AcpReplay Begun(IReadOnlyList<JsonElement> lines)
    {
        var replay = new AcpReplay();
        replay.Begin(lines.Select(l => l.Find("msg")).FirstOrDefault(m => m?.Text("method") is "session/load" or "session/resume")?.Find("params")?.Text("sessionId"));
        return replay;
    }

    /// <summary>The text that an agent's frame says; null: none.</summary>
    public static string? Said(JsonElement frame) =>
        frame.Find("params", "update") is { } update && update.Text("sessionUpdate") == "agent_message_chunk" ? update.Find("content")?.Text("text") : null;

    protected override void Tell(string method, JsonElement frame)
    {
        if (method == "session/prompt")
            Prompt();
        else if (method == "session/cancel")
            Interrupt();
    }

    protected override string? AnswerTo(string method) => method is "session/set_mode" or "session/set_model" or "session/set_config_option" ? "{}" : null;

    protected override string Ours(string method) => method is "session/resume" ? "session/load" : method;
}
