using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Adapters.Claude;

/// <summary>What Claude Code really said, played again: whole, cut, shuffled, repeated and broken.</summary>
public sealed class ClaudeReplayTests
{
    public static TheoryData<string> Captures => [.. ClaudeReplay.Names];

    [Fact]
    public void There_are_recordings() => Assert.InRange(ClaudeReplay.Names.Count(), 18, 100);

    [Theory]
    [MemberData(nameof(Captures))]
    public void All_that_was_said_called_and_answered_becomes_a_part_once(string name)
    {
        var frames = ClaudeReplay.Lines(name);

        var parts = ClaudeReplay.Of(frames).Parts.ToList();

        Assert.Equal(Blocks(frames, "text", "text"), parts.OfType<TextPart>().Select(p => p.Text));
        Assert.Equal(Blocks(frames, "thinking", "thinking"), parts.OfType<ReasoningPart>().Select(p => p.Text));
        Assert.Equal(Blocks(frames, "tool_use", "id"), parts.OfType<ToolCallPart>().Select(p => p.CallId));
        if (name != "15-kill9-midtool")
            Assert.Equal(parts.OfType<ToolCallPart>().Select(p => p.CallId), parts.OfType<ToolResultPart>().Select(p => p.CallId));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Each_turn_ends_once_with_its_result(string name)
    {
        var frames = ClaudeReplay.Lines(name);

        var turns = ClaudeReplay.Of(frames).Turns;

        var results = frames.Where(f => f.Text("type") == "result").ToList();
        Assert.Equal(results.Select(r => r.Find("is_error") is { ValueKind: JsonValueKind.True } || r.Text("subtype") != "success"), turns.Select(t => t is not null));
    }

    [Fact]
    public void Tokens_are_counted_once_a_message_with_the_last_count_of_its_stream()
    {
        var completed = ClaudeReplay.Of(ClaudeReplay.Lines("02-two-turn-partial")).Bodies.OfType<MessageCompleted>().ToList();

        Assert.All(completed, c => Assert.Equal(new Usage(Input: 200, Output: 34, CacheRead: 1000), c.Usage));
        Assert.Equal(StopReason.ToolUse, completed[0].Stop);
        Assert.Equal(StopReason.End, completed[^1].Stop);
    }

    [Fact]
    public void A_written_file_leaves_its_difference()
    {
        var replay = ClaudeReplay.Of(ClaudeReplay.Lines("05-permission-stdio-allow"));

        var finished = Assert.Single(replay.Bodies.OfType<ToolFinished>());
        Assert.Contains("+written by fake model", finished.Metadata!.Value.GetProperty("diff").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_is_tried_again_is_told_with_its_cause()
    {
        var retried = ClaudeReplay.Of(ClaudeReplay.Lines("13-error500")).Bodies.OfType<ModelRetried>().ToList();

        Assert.Equal([1, 2, 3, 4, 5, 6], retried.Select(r => r.Attempt));
        Assert.All(retried, r => Assert.Equal((FailureKind.Overload, "claude: server_error (500)"), (r.Kind, r.Message)));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Cut_anywhere_nothing_that_arrived_is_lost(string name)
    {
        var frames = ClaudeReplay.Lines(name);
        var replay = ClaudeReplay.Begun();
        for (var cut = 1; cut <= frames.Count; cut++)
        {
            replay.Play(frames[cut - 1]);

            AssertNothingIsLost([.. frames.Take(cut)], replay);
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Shuffled_and_repeated_nothing_is_lost(string name)
    {
        var frames = ClaudeReplay.Lines(name);
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var mixed = frames.Concat(frames.Where(_ => random.Next(3) == 0)).ToArray();
            random.Shuffle(mixed);
            AssertNothingIsLost(mixed, ClaudeReplay.Of(mixed));
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_frame_with_any_value_broken_breaks_nothing_and_no_text_is_lost(string name)
    {
        var frames = ClaudeReplay.Lines(name);
        var replay = ClaudeReplay.Begun();
        replay.PlayWith(frames, BrokenFrames.Of);

        AssertNothingIsLost(frames, replay);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Frames_that_nobody_knows_are_kept_as_they_came_wherever_they_come(string name)
    {
        string[] unknown = ["""{"type":"thing_new","n":1}""", """{"type":"system","subtype":"new"}""", """{"any":1}""", "{}", """{"type":[]}"""];
        var frames = ClaudeReplay.Lines(name);

        var replay = ClaudeReplay.Of(frames.SelectMany(f => unknown.Select(u => JsonElement.Parse(u)).Prepend(f)));

        Assert.Equal(frames.SelectMany(_ => unknown), replay.Reported.Select(f => f.GetRawText()).Where(unknown.Contains));
        Assert.Equal(ClaudeReplay.Of(frames).Kept, replay.Kept);
    }

    private static void AssertNothingIsLost(IReadOnlyList<JsonElement> frames, ClaudeReplay replay)
    {
        var parts = replay.Parts.ToList();
        var said = parts.OfType<TextPart>().Select(p => p.Text).ToList();
        var all = replay.Kept + replay.Arriving;
        Assert.All(Blocks(frames, "text", "text"), text => Assert.Contains(text, said));
        Assert.All(Pieces(frames), piece => Assert.Contains(piece, all, StringComparison.Ordinal));

        // A result whose call was never told is kept as it came.
        var reported = string.Concat(replay.Reported.Select(f => f.GetRawText()));
        var answered = parts.OfType<ToolResultPart>().Select(p => p.CallId).ToHashSet(StringComparer.Ordinal);
        Assert.All(Blocks(frames, "tool_result", "tool_use_id"), id => Assert.True(answered.Contains(id) || reported.Contains(id, StringComparison.Ordinal)));
    }

    private static List<string> Blocks(IEnumerable<JsonElement> frames, string type, string field) =>
        [.. frames.Where(f => f.Text("type") == (type == "tool_result" ? "user" : "assistant"))
            .SelectMany(f => f.GetProperty("message").Items("content")).Where(b => b.Text("type") == type).Select(b => b.Text(field)!)];

    private static IEnumerable<string> Pieces(IEnumerable<JsonElement> frames) =>
        frames.Select(f => f.Find("event", "delta")?.Text("text")).OfType<string>();
}
