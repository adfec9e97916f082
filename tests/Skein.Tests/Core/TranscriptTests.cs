using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Core;

public sealed class TranscriptTests
{
    [Fact]
    public void A_message_grows_from_pending_to_completed()
    {
        var log = new Log();
        var (turn, _) = log.Prompt("go");
        var answer = log.Begin(turn);
        Assert.Equal(MessageStatus.Pending, log.Messages[^1].Status);

        log.Add(new PartAdded(answer, log.Next<PartId>(), new TextPart("Hello")));
        Assert.Equal(MessageStatus.Streaming, log.Messages[^1].Status);

        log.Add(new MessageCompleted(answer, StopReason.End, new Usage(1, 2), 0.5m));
        var message = log.Messages[^1];
        Assert.Equal((MessageStatus.Completed, StopReason.End, new Usage(1, 2), 0.5m, "Hello"), (message.Status, message.Stop, message.Usage, message.Cost, message.Text));
        Assert.Equal((answer, log.Events[^3].At, log.Events[^1].At), (message.Id, message.CreatedAt, message.UpdatedAt));
    }

    [Theory]
    [InlineData(StopReason.Interrupted, MessageStatus.Error)]
    [InlineData(StopReason.Failed, MessageStatus.Error)]
    [InlineData(StopReason.ToolUse, MessageStatus.Completed)]
    [InlineData(StopReason.Length, MessageStatus.Completed)]
    public void Why_a_message_ended_decides_what_it_is(StopReason stop, MessageStatus status)
    {
        var log = new Log();
        var answer = log.Begin(log.Prompt("go").Turn);

        log.Add(new MessageCompleted(answer, stop));

        Assert.Equal(status, log.Messages[^1].Status);
    }

    [Fact]
    public void A_call_is_unanswered_until_its_result_is_a_part_of_the_same_message()
    {
        var log = new Log();
        var answer = log.Begin(log.Prompt("go").Turn);
        var calls = new[] { "1", "2" }.Select(id => new ToolCallPart(id, "bash", JsonElement.Parse("{}"))).ToList();
        calls.ForEach(call => log.Add(new PartAdded(answer, log.Next<PartId>(), call)));
        log.Add(new MessageCompleted(answer, StopReason.ToolUse));
        Assert.Equal(["1", "2"], log.Messages[^1].UnansweredCalls.Select(c => c.CallId));

        log.Add(new PartAdded(answer, log.Next<PartId>(), new ToolResultPart("2", "done")));

        Assert.Equal(["1"], log.Messages[^1].UnansweredCalls.Select(c => c.CallId));
        Assert.Equal(MessageStatus.Completed, log.Messages[^1].Status);
    }

    [Fact]
    public void Checkpoints_make_the_text_and_the_whole_part_takes_their_place()
    {
        var log = new Log();
        var answer = log.Begin(log.Prompt("go").Turn);
        var part = log.Next<PartId>();

        log.Add(new PartStreamed(answer, part, StreamKind.Text, 0, "Hel"));
        log.Add(new PartStreamed(answer, part, StreamKind.Text, 3, "lo"));
        Assert.Equal([new MessagePart(part, new TextPart("Hello"), Streaming: true)], log.Messages[^1].Parts);

        log.Add(new PartAdded(answer, part, new TextPart("Hello, geese")));
        log.Add(new PartStreamed(answer, part, StreamKind.Text, 5, "late"));
        Assert.Equal([new MessagePart(part, new TextPart("Hello, geese"))], log.Messages[^1].Parts);
    }

    // After a reconnect pieces come again, and pieces may come whose beginning was seen: the offsets make that harmless.
    [Fact]
    public void Checkpoints_that_are_read_again_change_nothing() =>
        Prop.ForAll(Gen.Choose(1, 9).ArrayOf(12).Zip(Gen.Choose(0, 11).ArrayOf(6)).ToArbitrary(), stream =>
        {
            var log = new Log();
            var answer = log.Begin(log.Prompt("go").Turn);
            var part = log.Next<PartId>();
            var whole = "";
            var pieces = new List<PartStreamed>();
            foreach (var length in stream.Item1)
            {
                var text = new string((char)('a' + pieces.Count), length);
                pieces.Add(new PartStreamed(answer, part, StreamKind.Reasoning, whole.Length, text));
                whole += text;
                log.Add(pieces[^1]);
            }

            // From any earlier piece on, all of them once more.
            foreach (var from in stream.Item2)
            {
                foreach (var piece in pieces.Skip(from))
                    log.Add(piece);
            }

            return log.Messages[^1].Parts.Single().Content is ReasoningPart { Text: var text2 } && text2 == whole;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_part_that_was_dropped_is_gone_and_the_next_attempt_is_another_part()
    {
        var log = new Log();
        var answer = log.Begin(log.Prompt("go").Turn);
        var broken = log.Next<PartId>();
        log.Add(new PartStreamed(answer, broken, StreamKind.Text, 0, "Hel"));

        log.Add(new PartDropped(answer, broken, "closed in mid-stream"));
        log.Add(new PartAdded(answer, log.Next<PartId>(), new TextPart("Hello")));

        Assert.Equal("Hello", log.Messages[^1].Text);
        Assert.Single(log.Messages[^1].Parts);
    }

    [Fact]
    public void An_edit_replaces_the_parts_and_nothing_else()
    {
        var log = new Log();
        var message = log.Say(Role.User, "helo");
        log.Say(Role.Assistant, "?");
        var before = log.Messages[0];

        log.Add(new MessageEdited(message, [log.Text("hello")]));

        var after = log.Messages[0];
        Assert.Equal("hello", after.Text);
        Assert.Equal(before with { Parts = after.Parts, UpdatedAt = log.Events[^1].At }, after);
        Assert.Contains(message, log.Session.Edited.Keys);
    }

    [Fact]
    public void A_rewind_hides_what_came_after_and_unrewinding_brings_it_back()
    {
        var log = new Log();
        var one = log.Say(Role.User, "1");
        log.Say(Role.Assistant, "2");
        log.Say(Role.User, "3");
        var before = log.Messages;

        log.Rewind(one);
        Assert.Equal(["1"], log.Messages.Select(m => m.Text));

        log.Unrewind();
        Assert.Equal(before, log.Messages);
    }

    [Fact]
    public void A_rewind_may_keep_nothing()
    {
        var log = new Log();
        log.Say(Role.User, "1");

        log.Rewind(null);

        Assert.Empty(log.Messages);
    }

    [Fact]
    public void What_was_said_after_a_rewind_makes_it_final()
    {
        var log = new Log();
        var one = log.Say(Role.User, "1");
        log.Say(Role.Assistant, "2");
        log.Rewind(one);
        log.Say(Role.User, "instead");

        log.Add(new SessionUnrewound(2));

        Assert.Equal(["1", "instead"], log.Messages.Select(m => m.Text));
    }

    [Fact]
    public void A_rewind_never_separates_a_call_from_its_result() =>
        Prop.ForAll(Gen.Choose(0, 6).ToArbitrary(), keep =>
        {
            var log = new Log();
            var (turn, _) = log.Prompt("go");
            for (var n = 0; n < 6; n++)
            {
                var answer = log.Begin(turn);
                log.Add(new PartAdded(answer, log.Next<PartId>(), new ToolCallPart($"{n}", "bash", JsonElement.Parse("{}"))));
                log.Add(new MessageCompleted(answer, StopReason.ToolUse));
                log.Add(new PartAdded(answer, log.Next<PartId>(), new ToolResultPart($"{n}", "done")));
            }

            log.Add(new TurnCompleted(turn));
            log.Rewind(log.Messages[keep].Id);

            return log.Messages.Count == keep + 1 && !log.Messages.SelectMany(m => m.UnansweredCalls).Any();
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Events_about_messages_before_a_page_are_passed_over()
    {
        var log = new Log();
        var early = log.Begin(log.Prompt("go").Turn);
        log.Say(Role.User, "on the page");
        log.Add(new PartAdded(early, log.Next<PartId>(), new TextPart("late")));
        log.Add(new MessageEdited(early, [log.Text("edited")]));

        var page = Log.Read(log.Events.SkipWhile(e => e.Body is not MessageAdded { Role: Role.User, Turn: null }));

        Assert.Equal(["on the page"], page.Select(m => m.Text));
    }

    [Fact]
    public void Undoing_every_rewind_gives_back_what_was_there_before_the_first() =>
        Prop.ForAll(Gen.Choose(0, 9).ArrayOf(5).ToArbitrary(), rewinds =>
        {
            var log = new Log();
            for (var n = 0; n < 10; n++)
                log.Say(Role.User, $"{n}");
            var before = log.Messages;

            foreach (var keep in rewinds.Where(keep => keep < log.Messages.Count))
                log.Rewind(log.Messages[keep].Id);
            var hidden = log.Session.Messages == log.Messages.Count;
            while (log.Session.Rewinds.Count > 0)
                log.Unrewind();

            return hidden && log.Messages.SequenceEqual(before) && log.Session.Messages == before.Count;
        }).QuickCheckThrowOnFailure();
}
