using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Adapters.Codex;

/// <summary>What Codex really said, played again: whole, cut, shuffled, repeated and broken.</summary>
public sealed class CodexReplayTests
{
    public static TheoryData<string> Captures => [.. CodexReplay.Names];

    [Fact]
    public void There_are_recordings() => Assert.InRange(CodexReplay.Names.Count(), 14, 100);

    [Theory]
    [MemberData(nameof(Captures))]
    public void All_that_was_said_called_and_answered_becomes_a_part_once(string name)
    {
        var lines = CodexReplay.Lines(name);

        var replay = CodexReplay.Of(name);

        var thread = Thread(lines);
        var pieces = string.Concat(Pieces(lines, thread, "item/agentMessage/delta"));
        Assert.Equal(pieces, replay.Shown);
        Assert.Equal(pieces, string.Concat(replay.Parts.OfType<TextPart>().Select(p => p.Text)));
        Assert.Equal(string.Concat(Pieces(lines, thread, "item/reasoning/summaryTextDelta")), string.Concat(replay.Parts.OfType<ReasoningPart>().Select(p => p.Text)));
        var calls = replay.Parts.OfType<ToolCallPart>().Select(p => p.CallId).ToList();
        Assert.Equal(Items(lines, thread).Where(i => i.Text("type") is "commandExecution" or "fileChange" or "mcpToolCall" or "webSearch").Select(i => i.Text("id")).Distinct(), calls);
        if (name != "18-kill9")
            Assert.Equal(calls, replay.Parts.OfType<ToolResultPart>().Select(p => p.CallId));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Each_turn_ends_once_and_fails_only_where_it_did(string name)
    {
        var lines = CodexReplay.Lines(name);

        var replay = CodexReplay.Of(name);

        var ends = lines.Select(l => l.GetProperty("msg")).Where(m => m.Text("method") == "turn/completed" && m.Find("params")?.Text("threadId") == Thread(lines)).ToList();
        var prompted = lines.Count(l => l.Text("dir") == "in" && l.GetProperty("msg").Text("method") == "turn/start" && l.GetProperty("msg").Find("params")?.Text("threadId") == Thread(lines));
        Assert.Equal(name == "18-kill9" ? 0 : prompted, replay.Turns.Count);
        var interrupts = lines.Count(l => l.Text("dir") == "in" && l.GetProperty("msg").Text("method") == "turn/interrupt");
        Assert.Equal(ends.Count(e => e.Find("params", "turn")?.Text("status") is "failed" or "interrupted") - interrupts, replay.Turns.Count(f => f is not null));
    }

    [Fact]
    public void Tokens_are_counted_once_for_each_call_of_the_model()
    {
        var completed = CodexReplay.Of("10-basic").Bodies.OfType<MessageCompleted>().ToList();

        Assert.Equal([StopReason.ToolUse, StopReason.End, StopReason.ToolUse, StopReason.End], completed.Select(c => c.Stop));
        Assert.All(completed, c => Assert.Equal(new Usage(Input: 200, Output: 34, CacheRead: 1000), c.Usage));
    }

    [Fact]
    public void What_was_counted_before_a_session_is_gone_on_with_is_not_counted_again()
    {
        var completed = CodexReplay.Of("16-resume-fork-compact").Bodies.OfType<MessageCompleted>().ToList();

        Assert.Equal(2, completed.Count);
        Assert.All(completed, c => Assert.Equal(new Usage(Input: 200, Output: 34, CacheRead: 1000), c.Usage));
    }

    [Fact]
    public void Files_are_asked_about_with_their_differences_which_are_left_when_they_are_changed()
    {
        var replay = CodexReplay.Of("20-file-changes");

        Assert.Equal(["apply_patch", "apply_patch", "apply_patch", "apply_patch"], replay.Asked.Select(q => q.Tool));
        var finished = replay.Bodies.OfType<ToolFinished>().ToList();
        string[] expected = ["+geese", "-two\n+2", "-geese\n+swans", "-three"];
        Assert.Equal(expected.Length, finished.Count);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Contains(expected[i], replay.Asked[i].Detail, StringComparison.Ordinal);
            Assert.Contains(expected[i], finished[i].Metadata!.Value.GetProperty("diff").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_command_is_asked_about_as_it_was_meant_with_the_reason()
    {
        var replay = CodexReplay.Of("21-refused");

        Assert.Equal(["apply_patch", "shell", "shell"], replay.Asked.Select(q => q.Tool));
        Assert.Equal("shell echo b > b.txt", replay.Asked[1].Title);
        Assert.Equal("echo b > b.txt\n\nCodex says: It must be written.", replay.Asked[1].Detail);
        Assert.All(replay.Parts.OfType<ToolResultPart>(), r => Assert.Equal(("This was not allowed.", true), (r.Output, r.IsError)));
    }

    [Fact]
    public void A_tool_of_a_server_is_asked_about_with_what_it_is_given()
    {
        var replay = CodexReplay.Of("27-mcp");

        var question = Assert.Single(replay.Asked);
        Assert.Equal(("mcp__stand__echo", """{"message":"honk"}"""), (question.Tool, question.Detail));
        Assert.Equal("mcp__stand__echo", Assert.Single(replay.Parts.OfType<ToolCallPart>()).Tool);
    }

    [Fact]
    public void Failures_have_their_causes_and_what_is_tried_again_is_told()
    {
        var replay = CodexReplay.Of("26-errors");

        Assert.Equal(
            [FailureKind.Overload, FailureKind.Auth, FailureKind.Quota, FailureKind.Overflow, FailureKind.BadRequest, null], replay.Turns.Select(f => f?.Kind));
        Assert.Contains("codex login", replay.Turns[1]!.Message, StringComparison.Ordinal);
        Assert.EndsWith("The model nope does not exist It has: gpt-goose.", replay.Turns[4]!.Message, StringComparison.Ordinal);
        Assert.Equal(
            [FailureKind.Network, FailureKind.Auth, FailureKind.Network], replay.Bodies.OfType<ModelRetried>().Select(r => r.Kind));
    }

    [Fact]
    public void A_session_that_it_no_longer_has_is_lost_and_says_so() =>
        Assert.StartsWith("no rollout found", CodexReplay.Of("28-lost").Lost, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Captures))]
    public void Of_one_that_is_cut_at_any_line_everything_before_the_cut_was_shown(string name)
    {
        var lines = CodexReplay.Lines(name);
        var thread = Thread(lines);
        for (var cut = 0; cut <= lines.Count; cut++)
        {
            var replay = CodexReplay.Begun(lines);
            foreach (var line in lines.Take(cut))
                replay.Play(line);

            Assert.Equal(string.Concat(Pieces(lines.Take(cut), thread, "item/agentMessage/delta")), replay.Shown);
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Frames_in_another_order_or_twice_lose_no_text(string name)
    {
        var lines = CodexReplay.Lines(name);
        var thread = Thread(lines);
        var prompt = lines.ToList().FindIndex(l => l.Text("dir") == "in" && l.GetProperty("msg").Text("method") == "turn/start");
        for (var seed = 0; seed < 30 && prompt >= 0 && thread is not null; seed++)
        {
            var replay = CodexReplay.Begun(lines);
            foreach (var line in lines.Take(prompt + 1))
                replay.Play(line);
            var random = new Random(seed);
            var frames = lines.Skip(prompt + 1).Where(l => l.Text("dir") == "out").ToList();
            var mixed = frames.Concat(frames.Where(_ => random.Next(3) == 0)).ToArray();
            random.Shuffle(mixed);
            foreach (var line in mixed)
                replay.Hear(line.GetProperty("msg"));

            var kept = string.Concat(replay.Bodies.OfType<PartAdded>().Select(p => p.Content is TextPart text ? text.Text : ""))
                + replay.Shown + string.Concat(replay.Reported.Select(f => f.Find("params") is { } p ? p.Text("delta") ?? p.Find("item")?.Text("text") : ""));
            Assert.All(Pieces(mixed, thread, "item/agentMessage/delta"), piece => Assert.Contains(piece, kept, StringComparison.Ordinal));
            Assert.All(Items(mixed, thread).Where(i => i.Text("type") == "agentMessage"), item => Assert.Contains(item.Text("text")!, kept, StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void What_is_said_before_a_thread_is_open_is_kept(string name)
    {
        var told = CodexReplay.Lines(name).Where(l => l.Text("dir") == "out").Select(l => l.GetProperty("msg")).Where(f => f.Text("method") is not null).ToList();
        var replay = CodexReplay.Begun([]);

        foreach (var frame in told)
            replay.Hear(frame);

        Assert.Equal(told.Select(Piece).OfType<string>(), replay.Reported.Select(Piece).OfType<string>());

        static string? Piece(JsonElement frame) => frame.Text("method") == "item/agentMessage/delta" ? frame.Find("params")?.Text("delta") : null;
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_frame_with_any_value_broken_breaks_nothing_and_no_text_is_lost(string name)
    {
        var lines = CodexReplay.Lines(name);
        var replay = CodexReplay.Begun(lines);
        replay.PlayWith(lines, line => line.Text("dir") == "out" ? BrokenFrames.Of(line.GetProperty("msg")) : []);

        var kept = replay.Kept + replay.Arriving + string.Concat(replay.Reported.Select(f => f.Find("params")?.Text("delta")));
        Assert.All(Pieces(lines, Thread(lines), "item/agentMessage/delta"), piece => Assert.Contains(piece, kept, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void An_answer_with_any_value_broken_breaks_nothing(string name)
    {
        var lines = CodexReplay.Lines(name);
        CodexReplay.PlayWithBrokenAnswers(lines, () => CodexReplay.Begun(lines));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Frames_that_nobody_knows_are_kept_as_they_came_wherever_they_come(string name)
    {
        string[] unknown =
        [
            """{"method":"thing/new","params":[1]}""", """{"id":"s-1","method":"client/new","params":{}}""", """{"any":1}""",
            """{"method":"item/completed","params":{"item":{"type":"newItem","id":"x"}}}""", "{}",
        ];
        var lines = CodexReplay.Lines(name);
        var replay = CodexReplay.Begun(lines);
        replay.PlayWith(lines, _ => unknown.Select(frame => JsonElement.Parse(frame)));

        Assert.Equal(lines.SelectMany(_ => unknown), replay.Reported.Select(f => f.GetRawText()).Where(unknown.Contains));
        Assert.Equal(CodexReplay.Of(name).Kept, replay.Kept);
    }

    /// <summary>The thread that was opened first, which is the session's; null: none was.</summary>
    private static string? Thread(IReadOnlyList<JsonElement> lines) =>
        lines.Where(l => l.Text("dir") == "out").Select(l => l.GetProperty("msg").Find("result", "thread")?.Text("id")).FirstOrDefault(id => id is not null);

    private static IEnumerable<string> Pieces(IEnumerable<JsonElement> lines, string? thread, string method) =>
        lines.Select(l => l.GetProperty("msg")).Where(m => m.Text("method") == method).Select(m => m.GetProperty("params"))
            .Where(p => p.Text("threadId") == thread).Select(p => p.Text("delta")!);

    private static IEnumerable<JsonElement> Items(IEnumerable<JsonElement> lines, string? thread) =>
        lines.Select(l => l.GetProperty("msg")).Where(m => m.Text("method") is "item/started" or "item/completed").Select(m => m.GetProperty("params"))
            .Where(p => p.Text("threadId") == thread).Select(p => p.GetProperty("item"));
}
