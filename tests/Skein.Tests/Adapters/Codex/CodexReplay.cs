using System.Text.Json;
using Skein.Adapters.Codex;
using Skein.Adapters.Driving;

namespace Skein.Tests.Adapters.Codex;

/// <summary>A recorded conversation with Codex.</summary>
internal sealed class CodexReplay() : RpcReplay(new CodexProtocol("codex", TimeProvider.System))
{
    private const string Folder = "tests/Skein.Tests/Adapters/Codex/Captures";

    public static IEnumerable<string> Names => NamesIn(Folder);

    public static IReadOnlyList<JsonElement> Lines(string name) => LinesOf(Folder, name);

    public static CodexReplay Of(string name)
    {
        var lines = Lines(name);
        var replay = Begun(lines);
        foreach (var line in lines)
            replay.Play(line);
        return replay;
    }

    /// <summary>Opened as the recording was.</summary>
    public static CodexReplay Begun(IReadOnlyList<JsonElement> lines)
    {
        var replay = new CodexReplay();
        replay.Begin(lines.Select(l => l.Find("msg")).FirstOrDefault(m => m?.Text("method") == "thread/resume")?.Find("params")?.Text("threadId"));
        return replay;
    }

    protected override void Tell(string method, JsonElement frame)
    {
        if (frame.Find("params")?.Text("threadId") != Open)
            return;
        if (method == "turn/start")
            Prompt();
        else if (method == "turn/steer")
            Steer();
        else if (method == "turn/interrupt")
            Interrupt();
    }

    protected override string? ResultOf(string method) => method == "model/list" ? """{"data":[{"model":"gpt-goose"}]}""" : null;
}
