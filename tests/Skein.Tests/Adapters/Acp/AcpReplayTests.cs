using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;

namespace Skein.Tests.Adapters.Acp;

/// <summary>Recorded conversations of real agents, whole, cut, shuffled, repeated and broken: nothing said is lost, and nothing said breaks anything.</summary>
public sealed class AcpReplayTests
{
    public static TheoryData<string> Captures => [.. AcpReplay.Names];

    [Fact]
    public void There_are_recordings_of_several_agents() => Assert.InRange(AcpReplay.Names.Count(), 40, 100);

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_whole_conversation_is_kept_whole(string name)
    {
        var lines = AcpReplay.Lines(name);
        var replay = AcpReplay.Begun(lines);
        foreach (var line in lines)
            replay.Play(line);

        var turns = Turns(lines).ToList();
        var said = string.Concat(turns.Select(AcpReplay.Said));
        Assert.Equal(said, replay.Kept);
        Assert.Equal(said, replay.Shown);
        Assert.Equal(Beside(lines).Select(AcpReplay.Said).OfType<string>(), replay.Reported.Select(AcpReplay.Said).OfType<string>());
        Assert.Equal(lines.Count(l => IsPrompt(l, AcpReplay.Session(lines))), replay.Turns.Count);
        Assert.Equal(name.Contains("error", StringComparison.Ordinal), replay.Turns.Exists(f => f is not null));
        Assert.Equal(name == "gemini-09-load", replay.Lost is not null);
        var calls = replay.Parts.OfType<ToolCallPart>().Select(c => c.CallId).ToList();
        Assert.Equal(calls.Distinct(), calls);
        Assert.Equal(Calls(turns), calls.ToHashSet());
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Of_one_that_is_cut_at_any_line_everything_before_the_cut_was_shown(string name)
    {
        var lines = AcpReplay.Lines(name);
        var replay = AcpReplay.Begun(lines);
        for (var cut = 1; cut <= lines.Count; cut++)
        {
            replay.Play(lines[cut - 1]);

            Assert.Equal(string.Concat(Turns(lines.Take(cut)).Select(AcpReplay.Said)), replay.Shown);
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Frames_in_another_order_or_twice_lose_no_text(string name)
    {
        var lines = AcpReplay.Lines(name);
        var prompt = lines.ToList().FindIndex(l => IsPrompt(l, AcpReplay.Session(lines)));
        for (var seed = 0; seed < 20; seed++)
        {
            var replay = AcpReplay.Begun(lines);
            foreach (var line in lines.Take(prompt + 1))
                replay.Play(line);
            var frames = lines.Skip(prompt + 1).Where(l => l.Text("dir") == "out").Select(l => l.GetProperty("msg")).ToArray();
            var mixed = frames.Concat(frames).ToArray();
            new Random(seed).Shuffle(mixed);
            foreach (var frame in mixed)
                replay.Hear(frame);

            Assert.Equal(string.Concat(mixed.Select(AcpReplay.Said)).Order(), Told(replay).Order());
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_frame_with_any_value_broken_breaks_nothing_and_no_text_is_lost(string name)
    {
        var lines = AcpReplay.Lines(name);
        var replay = AcpReplay.Begun(lines);
        var (wasText, before, heard) = (false, 0, new List<JsonElement>());
        foreach (var line in lines)
        {
            var isOpen = replay.Open is not null;
            replay.Play(line);
            if (line.Text("dir") != "out" || line.Find("msg") is not { ValueKind: JsonValueKind.Object } frame)
                continue;

            // A word after another is broken as that was.
            var isText = AcpReplay.Said(frame) is not null;
            var broken = isText && wasText ? [] : BrokenFrames.Of(frame).ToList();
            broken.ForEach(replay.Hear);
            wasText = isText;
            if (isOpen)
                heard.AddRange([frame, .. broken]);
            else
                before = replay.Reported.Count();
        }

        Assert.Equal(string.Concat(heard.Select(AcpReplay.Said)).Order(), Told(replay, before).Order());
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void An_answer_with_any_value_broken_breaks_nothing(string name)
    {
        var lines = AcpReplay.Lines(name);
        AcpReplay.PlayWithBrokenAnswers(lines, () => AcpReplay.Begun(lines));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Frames_that_nobody_knows_are_kept_as_they_came_wherever_they_come(string name)
    {
        string[] unknown =
        [
            """{"jsonrpc":"2.0","method":"_new/thing","params":[1]}""", """{"jsonrpc":"2.0","id":"s-1","method":"client/new","params":{}}""",
            """{"jsonrpc":"2.0","method":"session/update","params":{"update":{"sessionUpdate":"new_thing","text":"x"}}}""", """{"any":1}""", "{}",
        ];
        var lines = AcpReplay.Lines(name);
        var replay = AcpReplay.Begun(lines);
        replay.PlayWith(lines, _ => unknown.Select(frame => JsonElement.Parse(frame)));

        Assert.Equal(lines.SelectMany(_ => unknown), replay.Reported.Select(f => f.GetRawText()).Where(unknown.Contains));
        Assert.Equal(string.Concat(Turns(lines).Select(AcpReplay.Said)), replay.Kept);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void What_is_said_before_a_new_session_is_open_is_kept(string name)
    {
        var told = Heard(AcpReplay.Lines(name)).Where(f => f.Text("method") is not null).ToList();
        var replay = AcpReplay.Begun([]);

        foreach (var frame in told)
            replay.Hear(frame);

        Assert.Equal(string.Concat(told.Select(AcpReplay.Said)), Told(replay));
    }

    /// <summary>All that was said, also what was carried as it came.</summary>
    /// <param name="before">So many frames that were carried do not count.</param>
    private static string Told(AcpReplay replay, int before = 0) => replay.Shown + string.Concat(replay.Reported.Skip(before).Select(AcpReplay.Said));

    private static bool IsPrompt(JsonElement line, string? session) =>
        line.Text("dir") == "in" && line.Find("msg")?.Text("method") == "session/prompt" && line.Find("msg", "params")?.Text("sessionId") == session;

    /// <summary>What the agent said in the session's turns; what a session that is loaded says again stands in the log already.</summary>
    private static IEnumerable<JsonElement> Turns(IEnumerable<JsonElement> lines)
    {
        var session = AcpReplay.Session(lines);
        return Heard(lines.SkipWhile(l => !IsPrompt(l, session))).Where(f => f.Find("params")?.Text("sessionId") == session);
    }

    /// <summary>What the agent said of other sessions than Skein's.</summary>
    private static IEnumerable<JsonElement> Beside(IEnumerable<JsonElement> lines)
    {
        var session = AcpReplay.Session(lines);
        return Heard(lines).Where(f => f.Find("params")?.Text("sessionId") is { } other && other != session);
    }

    private static IEnumerable<JsonElement> Heard(IEnumerable<JsonElement> lines) =>
        lines.Where(l => l.Text("dir") == "out").Select(l => l.GetProperty("msg"));

    private static HashSet<string> Calls(IEnumerable<JsonElement> frames) =>
    [
        .. frames.Select(f => f.Find("params", "update")?.Text("toolCallId") ?? f.Find("params", "toolCall")?.Text("toolCallId")).OfType<string>(),
    ];
}
