using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Adapters.Acp;

/// <summary>Recorded conversations of real agents, whole, cut, shuffled, repeated and broken: nothing said is lost, and nothing said breaks anything.</summary>
public sealed class AcpReplayTests
{
    public static TheoryData<string> Captures => [.. AcpReplay.Names];

    [Fact]
    public void There_are_recordings_of_several_agents() => Assert.InRange(AcpReplay.Names.Count(), 10, 100);

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_whole_conversation_is_kept_whole(string name)
    {
        var lines = AcpReplay.Lines(name);
        var replay = AcpReplay.Begun(lines);
        foreach (var line in lines)
            replay.Play(line);

        var said = string.Concat(SaidInTurns(lines));
        Assert.Equal(said, replay.Kept);
        Assert.Equal(said, replay.Shown);
        Assert.Equal(lines.Count(l => l.Text("dir") == "in" && l.Find("msg")?.Text("method") == "session/prompt"), replay.Turns.Count);
        Assert.Equal(name.Contains("error", StringComparison.Ordinal), replay.Turns.Exists(f => f is not null));
        var calls = replay.Parts.OfType<ToolCallPart>().Select(c => c.CallId).ToList();
        Assert.Equal(calls.Distinct(), calls);
        Assert.Equal(Calls(lines), calls.ToHashSet());
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Of_one_that_is_cut_at_any_line_everything_before_the_cut_was_shown(string name)
    {
        var lines = AcpReplay.Lines(name);
        for (var cut = 0; cut <= lines.Count; cut++)
        {
            var replay = AcpReplay.Begun(lines);
            foreach (var line in lines.Take(cut))
                replay.Play(line);

            Assert.Equal(string.Concat(SaidInTurns(lines.Take(cut))), replay.Shown);
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Frames_in_another_order_or_twice_lose_no_text(string name)
    {
        var lines = AcpReplay.Lines(name);
        var prompt = lines.ToList().FindIndex(l => l.Text("dir") == "in" && l.Find("msg")?.Text("method") == "session/prompt");
        for (var seed = 0; seed < 20; seed++)
        {
            var replay = AcpReplay.Begun(lines);
            foreach (var line in lines.Take(prompt + 1))
                replay.Play(line);
            var frames = lines.Skip(prompt + 1).Where(l => l.Text("dir") == "out").Select(l => l.GetProperty("msg")).ToList();
            var random = new Random(seed);
            var mixed = frames.Concat(frames).OrderBy(_ => random.Next()).ToList();
            foreach (var frame in mixed)
                replay.Hear(frame);

            var reported = string.Concat(replay.Bodies.OfType<AgentReported>().Select(r => AcpReplay.Said(r.Frame!.Value)));
            Assert.Equal(
                string.Concat(mixed.Select(AcpReplay.Said)).Order(), (replay.Shown + reported).Order());
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_frame_with_any_value_broken_breaks_nothing(string name)
    {
        var lines = AcpReplay.Lines(name);
        foreach (var wrong in BrokenFrames.Wrongs)
        {
            var replay = AcpReplay.Begun(lines);
            foreach (var line in lines)
            {
                replay.Play(line);
                if (line.Text("dir") != "out" || line.Find("msg") is not { ValueKind: JsonValueKind.Object } frame || frame.GetRawText().Length > 4000)
                    continue;
                foreach (var broken in BrokenFrames.Of(frame, wrong).Take(60))
                    replay.Hear(broken);
            }
        }
    }

    [Fact]
    public void Frames_that_nobody_knows_are_kept_as_they_came()
    {
        var lines = AcpReplay.Lines("gemini-01-two-turn-allow");
        var replay = AcpReplay.Begun(lines);
        foreach (var line in lines)
            replay.Play(line);
        var before = replay.Bodies.OfType<AgentReported>().Count();

        string[] unknown = ["""{"jsonrpc":"2.0","method":"_new/thing","params":[1]}""", """{"jsonrpc":"2.0","id":"s-1","method":"client/new","params":{}}""", """{"any":1}""", "{}"];
        foreach (var frame in unknown)
            replay.Hear(JsonElement.Parse(frame));

        Assert.Equal(unknown, replay.Bodies.OfType<AgentReported>().Skip(before).Select(r => r.Frame!.Value.GetRawText()));
    }

    /// <summary>What was said in turns; what a session that is loaded says again stands in the log already.</summary>
    private static IEnumerable<string> SaidInTurns(IEnumerable<JsonElement> lines)
    {
        var prompted = false;
        foreach (var line in lines)
        {
            prompted |= line.Text("dir") == "in" && line.Find("msg")?.Text("method") == "session/prompt";
            if (prompted && line.Text("dir") == "out" && line.Find("msg") is { } frame && AcpReplay.Said(frame) is { } text)
                yield return text;
        }
    }

    private static HashSet<string> Calls(IEnumerable<JsonElement> lines)
    {
        var calls = new HashSet<string>(StringComparer.Ordinal);
        var prompted = false;
        foreach (var line in lines)
        {
            prompted |= line.Text("dir") == "in" && line.Find("msg")?.Text("method") == "session/prompt";
            if (prompted && line.Text("dir") == "out" && line.Find("msg")?.Find("params") is { } parameters
                && (parameters.Find("update")?.Text("toolCallId") ?? parameters.Find("toolCall")?.Text("toolCallId")) is { } id)
                calls.Add(id);
        }

        return calls;
    }
}
