using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Claude;
using Skein.Adapters.Driving;

namespace Skein.Tests.Adapters.Claude;

/// <summary>What Claude Code was recorded to say, a frame a line; a turn that has ended is followed by another.</summary>
internal sealed class ClaudeReplay() : Replay(new ClaudeProtocol("claude", TimeProvider.System))
{
    private const string Folder = "tests/Skein.Tests/Adapters/Claude/Captures";

    private string? _prompt;

    public static IEnumerable<string> Names => NamesIn(Folder);

    public static IReadOnlyList<JsonElement> Lines(string name) => LinesOf(Folder, name);

    public static ClaudeReplay Of(IEnumerable<JsonElement> lines)
    {
        var replay = Begun();
        foreach (var line in lines)
            replay.Play(line);
        return replay;
    }

    public static ClaudeReplay Begun()
    {
        var replay = new ClaudeReplay();
        replay.Begin(null);
        replay.Prompt();
        return replay;
    }

    public override void Play(JsonElement line) => Hear(line);

    // It says a prompt again when it looks at it, by the id that came with it.
    protected override JsonElement AsAnswered(JsonElement frame)
    {
        if (frame.Find("isReplay") is null || _prompt is null)
            return frame;

        var copy = JsonNode.Parse(frame.GetRawText())!.AsObject();
        copy["uuid"] = _prompt;
        return JsonElement.Parse(copy.ToJsonString());
    }

    // What the recording answers, others asked.
    protected override string? AnswerTo(AgentStep.Send said)
    {
        _prompt = said.Frame["uuid"]?.GetValue<string>() ?? _prompt;
        return said.Frame["request_id"]?.GetValue<string>() is { } id
            ? $$$"""{"type":"control_response","response":{"subtype":"success","request_id":"{{{id}}}","response":{} } }"""
            : null;
    }

    protected override void Ended() => Prompt();
}
