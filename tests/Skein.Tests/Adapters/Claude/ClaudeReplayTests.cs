using System.Text.Json;
using Skein.Adapters.Claude;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent;

namespace Skein.Tests.Adapters.Claude;

/// <summary>What Claude Code really said, played again: whole, cut, shuffled, repeated and broken.</summary>
public sealed class ClaudeReplayTests
{
    public static TheoryData<string> Captures =>
        [.. Directory.GetFiles(Folder, "*.jsonl").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Adapters", "Claude", "Captures");

    [Theory]
    [MemberData(nameof(Captures))]
    public void All_that_was_said_called_and_answered_becomes_a_part_once(string capture)
    {
        var frames = Frames(capture);

        var parts = Parts(Play(frames));

        Assert.Equal(Blocks(frames, "text", "text"), parts.OfType<TextPart>().Select(p => p.Text));
        Assert.Equal(Blocks(frames, "thinking", "thinking"), parts.OfType<ReasoningPart>().Select(p => p.Text));
        Assert.Equal(Blocks(frames, "tool_use", "id"), parts.OfType<ToolCallPart>().Select(p => p.CallId));
        Assert.Equal(parts.OfType<ToolCallPart>().Select(p => p.CallId), parts.OfType<ToolResultPart>().Select(p => p.CallId));
    }

    [Fact]
    public void Tokens_are_counted_once_a_message_with_the_last_count_of_its_stream()
    {
        var outputs = Play(Frames("02-two-turn-partial.jsonl"));

        var completed = outputs.OfType<AgentEvents>().SelectMany(e => e.Bodies).OfType<MessageCompleted>().ToList();
        Assert.All(completed, c => Assert.Equal(new Usage(Input: 200, Output: 34, CacheRead: 1000), c.Usage));
        Assert.Equal(StopReason.ToolUse, completed[0].Stop);
        Assert.Equal(StopReason.End, completed[^1].Stop);
    }

    [Fact]
    public void A_written_file_leaves_its_difference()
    {
        var outputs = Play(Frames("05-permission-stdio-allow.jsonl"));

        var finished = Assert.Single(outputs.OfType<AgentEvents>().SelectMany(e => e.Bodies).OfType<ToolFinished>());
        Assert.Contains("+written by fake model", finished.Metadata!.Value.GetProperty("diff").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_is_tried_again_is_told_with_its_cause()
    {
        var outputs = Play(Frames("13-error500.jsonl"));

        var retried = outputs.OfType<AgentEvents>().SelectMany(e => e.Bodies).OfType<ModelRetried>().ToList();
        Assert.Equal([1, 2, 3, 4, 5, 6], retried.Select(r => r.Attempt));
        Assert.All(retried, r => Assert.Equal((FailureKind.Overload, "claude: server_error (500)"), (r.Kind, r.Message)));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Cut_anywhere_nothing_that_arrived_is_lost(string capture)
    {
        var frames = Frames(capture);
        for (var length = 0; length <= frames.Count; length++)
            AssertNothingIsLost(frames[..length]);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Shuffled_and_repeated_nothing_is_lost(string capture)
    {
        var frames = Frames(capture);
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var mixed = frames.Concat(frames.Where(_ => random.Next(3) == 0)).ToArray();
            random.Shuffle(mixed);
            AssertNothingIsLost(mixed);
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_frame_with_any_value_broken_breaks_nothing(string capture)
    {
        var (protocol, steps) = (new ClaudeProtocol("claude", TimeProvider.System), new AgentSteps());
        Work(protocol, steps, begins: true);
        foreach (var frame in Frames(capture))
        {
            Hear(frame);
            foreach (var broken in BrokenFrames.Of(frame))
                Hear(broken);
        }

        void Hear(JsonElement frame)
        {
            protocol.Hear(frame, steps);
            Work(protocol, steps, begins: false);
        }
    }

    [Fact]
    public void Frames_that_nobody_knows_are_kept_as_they_came()
    {
        string[] unknown = ["""{"type":"thing_new","n":1}""", """{"type":"system","subtype":"new"}""", """{"any":1}""", "{}", """{"type":[]}"""];

        var outputs = Play([.. Frames("02-two-turn-partial.jsonl"), .. unknown.Select(u => JsonElement.Parse(u))]);

        var reported = outputs.OfType<AgentEvents>().SelectMany(e => e.Bodies).OfType<AgentReported>().Select(r => r.Frame!.Value.GetRawText());
        Assert.Equal(unknown, reported.TakeLast(unknown.Length));
    }

    // Whoever is asked allows it, and a turn that is over is followed by another.
    private static void Work(ClaudeProtocol protocol, AgentSteps steps, bool begins)
    {
        if (begins)
            Prompt();
        while (steps.Take() is { } step)
        {
            if (step is AgentStep.Ask { Question: var question })
                protocol.Answer(question, new PermissionAnswered(question.Permission, PermissionAnswer.Once), steps);
            else if (step is AgentStep.Over)
                Prompt();
        }

        void Prompt()
        {
            var turn = new FakeTurn(Sample.Session(null), [Sample.User("Go.")]);
            _ = protocol.Arguments(turn.Session, null);
            protocol.Prompt(turn, null, steps);
        }
    }

    private static List<AgentOutput> Play(IReadOnlyList<JsonElement> frames)
    {
        var (ids, steps) = (new IdSource(TimeProvider.System), new AgentSteps());
        var turn = new ClaudeTurn("claude", ids.Next<TurnId>(), new TurnWriter(ids, TimeProvider.System, steps), new ClaudePlan());
        foreach (var frame in frames)
        {
            if (!turn.Hear(frame, steps))
                steps.Yield(new AgentReported("claude", frame));
        }

        turn.End(isInterrupted: false, isFailed: false, cost: null, steps);
        var outputs = new List<AgentOutput>();
        while (steps.Take() is { } step)
            outputs.Add(Assert.IsType<AgentStep.Yield>(step).Output);
        return outputs;
    }

    private static void AssertNothingIsLost(IReadOnlyList<JsonElement> frames)
    {
        var outputs = Play(frames);
        var parts = Parts(outputs);
        var said = parts.OfType<TextPart>().Select(p => p.Text).ToList();
        var all = string.Concat(said);
        Assert.All(Blocks(frames, "text", "text"), text => Assert.Contains(text, said));
        Assert.All(Pieces(frames), piece => Assert.Contains(piece, all, StringComparison.Ordinal));

        // A result whose call was never told is kept as it came.
        var reported = string.Concat(outputs.OfType<AgentEvents>().SelectMany(e => e.Bodies).OfType<AgentReported>().Select(r => r.Frame!.Value.GetRawText()));
        var answered = parts.OfType<ToolResultPart>().Select(p => p.CallId).ToHashSet(StringComparer.Ordinal);
        Assert.All(Blocks(frames, "tool_result", "tool_use_id"), id => Assert.True(answered.Contains(id) || reported.Contains(id, StringComparison.Ordinal)));
    }

    private static List<JsonElement> Frames(string capture) =>
        [.. File.ReadLines(Path.Combine(Folder, capture)).Select(line => JsonDocument.Parse(line).RootElement)];

    private static List<Part> Parts(IEnumerable<AgentOutput> outputs) =>
        [.. outputs.OfType<AgentEvents>().SelectMany(e => e.Bodies).OfType<PartAdded>().Select(p => p.Content)];

    private static List<string> Blocks(IEnumerable<JsonElement> frames, string type, string field) =>
        [.. frames.Where(f => f.Text("type") == (type == "tool_result" ? "user" : "assistant"))
            .SelectMany(f => f.GetProperty("message").Items("content")).Where(b => b.Text("type") == type).Select(b => b.Text(field)!)];

    private static IEnumerable<string> Pieces(IEnumerable<JsonElement> frames) =>
        frames.Select(f => f.Find("event", "delta")?.Text("text")).OfType<string>();
}
