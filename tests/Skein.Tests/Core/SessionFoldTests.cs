using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Core;

public sealed class SessionFoldTests
{
    [Fact]
    public void A_session_begins_idle_without_title_and_without_cost()
    {
        var session = new Log().Session;

        Assert.Equal((SessionStatus.Idle, "", 0, 1L), (session.Status, session.Title, session.Messages, session.Seq));
        Assert.Equal((new Usage(), 0m), (session.Usage, session.Cost));
    }

    [Fact]
    public void A_log_that_does_not_begin_with_a_session_is_damaged_not_empty()
    {
        var e = new SessionEvent(new Log().Id, 1, DateTimeOffset.UnixEpoch, new SessionArchived());

        var error = Assert.Throws<DamagedException>(() => SessionFold.Apply(null, e));

        Assert.Contains("begins with session.archived at 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_prompt_names_the_session_and_later_ones_do_not()
    {
        var log = new Log();
        log.Prompt("Mend the test\nplease");
        log.Prompt("Another thing");

        Assert.Equal(("Mend the test", TitleSource.Prompt), (log.Session.Title, log.Session.TitleSource));
    }

    [Fact]
    public void A_turn_that_ends_tells_how()
    {
        var log = new Log();
        var (turn, _) = log.Prompt("go");
        Assert.Equal((SessionStatus.Running, turn), (log.Session.Status, log.Session.Turn));

        log.Add(new TurnFailed(turn, FailureKind.Quota, "openai", "429"));
        Assert.Equal((SessionStatus.Error, null, FailureKind.Quota, "429"), (log.Session.Status, log.Session.Turn, log.Session.Failure?.Kind, log.Session.Failure?.Message));

        var (next, _) = log.Prompt("again");
        Assert.Null(log.Session.Failure);
        log.Add(new TurnInterrupted(next, "user"));
        Assert.Equal(SessionStatus.Interrupted, log.Session.Status);

        var (last, _) = log.Prompt("and on");
        log.Add(new TurnCompleted(last));
        Assert.Equal((SessionStatus.Idle, null), (log.Session.Status, log.Session.Failure));
        Assert.Equal((log.Events[0].At, log.Events[^1].At), (log.Session.CreatedAt, log.Session.UpdatedAt));
        Assert.True(log.Session.CreatedAt < log.Session.UpdatedAt);
    }

    [Fact]
    public void A_session_waits_until_its_last_question_is_answered()
    {
        var log = new Log();
        var (turn, _) = log.Prompt("go");
        var one = new PermissionAsked(log.Next<PermissionId>(), turn, "1", "bash", "ls");
        var two = new PermissionAsked(log.Next<PermissionId>(), turn, "2", "bash", "rm");
        log.Add(one);
        log.Add(two);

        log.Add(new PermissionAnswered(one.Permission, PermissionAnswer.Once));
        Assert.Equal(SessionStatus.Waiting, log.Session.Status);
        Assert.Equal([two], log.Session.Questions);

        log.Add(new PermissionAnswered(two.Permission, PermissionAnswer.No));
        Assert.Equal(SessionStatus.Running, log.Session.Status);
        Assert.Empty(log.Session.Questions);
    }

    [Fact]
    public void Queued_prompts_wait_in_order_until_they_start_or_are_taken_back()
    {
        var log = new Log();
        var (turn, _) = log.Prompt("go");
        var queued = Enumerable.Range(0, 3).Select(n => new PromptQueued(log.Next<TurnId>(), log.Next<MessageId>(), [log.Text($"{n}")])).ToList();
        queued.ForEach(q => log.Add(q));

        log.Add(new PromptWithdrawn(queued[1].Turn));
        log.Add(new TurnCompleted(turn));
        log.Add(new TurnStarted(queued[0].Turn, "skein", null, PermissionMode.Ask));

        Assert.Equal([queued[2]], log.Session.Queue);
    }

    [Fact]
    public void What_was_steered_in_time_becomes_a_message_and_is_not_queued()
    {
        var log = new Log();
        var (turn, _) = log.Prompt("go");
        var steered = new PromptSteered(turn, log.Next<MessageId>(), [log.Text("left")]);
        log.Add(steered);
        Assert.Equal([steered], log.Session.Steered);

        log.Add(new MessageAdded(steered.Message, Role.User, MessageStatus.Completed, 2, steered.Parts, turn));
        log.Add(new TurnCompleted(turn));

        Assert.Empty(log.Session.Steered);
        Assert.Empty(log.Session.Queue);
    }

    [Fact]
    public void What_was_steered_too_late_starts_turns_of_its_own_before_the_queue()
    {
        var log = new Log();
        var (turn, _) = log.Prompt("go");
        var queued = new PromptQueued(log.Next<TurnId>(), log.Next<MessageId>(), [log.Text("later")]);
        var first = new PromptSteered(turn, log.Next<MessageId>(), [log.Text("left")]);
        var second = new PromptSteered(turn, log.Next<MessageId>(), [log.Text("right")]);
        log.Add(queued);
        log.Add(first);
        log.Add(second);

        log.Add(new TurnCompleted(turn));

        var queue = log.Session.Queue;
        Assert.Equal([first.Message, second.Message, queued.Message], queue.Select(q => q.Message));
        Assert.Equal(queue.Select(q => q.Turn), Log.Fold(log.Events).Queue.Select(q => q.Turn));
        Assert.Distinct(queue.Select(q => q.Turn).Append(turn));
    }

    [Fact]
    public void A_rewind_counts_and_stacks_and_the_next_message_makes_it_final()
    {
        var log = new Log();
        var one = log.Say(Role.User, "1");
        var two = log.Say(Role.Assistant, "2");
        log.Say(Role.User, "3");

        log.Rewind(two);
        log.Rewind(one);
        Assert.Equal((1, 2), (log.Session.Messages, log.Session.Rewinds.Count));

        log.Unrewind();
        Assert.Equal((2, 1), (log.Session.Messages, log.Session.Rewinds.Count));

        log.Unrewind();
        Assert.Equal((3, 0), (log.Session.Messages, log.Session.Rewinds.Count));

        log.Rewind(null);
        log.Say(Role.User, "anew");
        Assert.Equal((1, 0), (log.Session.Messages, log.Session.Rewinds.Count));
    }

    [Fact]
    public void What_was_spent_stays_counted_when_it_is_rewound()
    {
        var log = new Log();
        var (turn, prompt) = log.Prompt("go");
        var answer = log.Begin(turn);
        log.Add(new MessageCompleted(answer, StopReason.End, new Usage(10, 2, 1, 5, 3), 0.25m));
        log.Add(new TurnCompleted(turn));
        log.Rewind(prompt);
        var second = log.Begin(turn);
        log.Add(new MessageCompleted(second, StopReason.Failed, new Usage(1, 1)));

        Assert.Equal((new Usage(11, 3, 1, 5, 3), 0.25m), (log.Session.Usage, log.Session.Cost));
    }

    [Fact]
    public void Another_agent_forgets_the_link_and_the_model_of_the_one_before()
    {
        var log = new Log();
        log.Add(new AgentLinked("skein", "abc"));
        log.Add(new SessionConfigured(Mode: PermissionMode.Plan));
        Assert.Equal(("abc", "openai/any", PermissionMode.Plan), (log.Session.AgentSession, log.Session.Model, log.Session.Mode));

        log.Add(new SessionConfigured(Agent: "claude"));

        Assert.Equal((null, null, "claude"), (log.Session.AgentSession, log.Session.Model, log.Session.Agent));
    }

    [Fact]
    public void A_gap_is_remembered_and_is_no_change_by_anybody()
    {
        var log = new Log();
        var before = log.Session;
        var gap = new Gap(2, 3, "ses.jsonl", 200, 57);

        var session = before.Apply(new SessionEvent(log.Id, 3, before.UpdatedAt.AddDays(1), gap));

        Assert.Equal([gap], session.Damage);
        Assert.Equal((3L, before.UpdatedAt), (session.Seq, session.UpdatedAt));
    }

    // A catalog keeps the row and folds on from it: whatever happened, it must be the row that a whole fold makes.
    [Fact]
    public void A_row_that_was_written_down_and_folded_on_is_the_row_of_the_whole_log() =>
        Prop.ForAll(Gen.Choose(0, 11).ListOf(30).Zip(Gen.Choose(0, 30)).ToArbitrary(), story =>
        {
            var log = Told(story.Item1);
            var cut = Math.Min(story.Item2 + 1, log.Events.Count);

            var row = JsonSerializer.Serialize(Log.Fold(log.Events.Take(cut)), SkeinJson.Relaxed.Session);
            var goneOn = log.Events.Skip(cut).Aggregate(JsonSerializer.Deserialize(row, SkeinJson.Relaxed.Session)!, (session, e) => session.Apply(e));

            return JsonSerializer.Serialize(goneOn, SkeinJson.Relaxed.Session) == JsonSerializer.Serialize(log.Session, SkeinJson.Relaxed.Session)
                && log.Session.Messages == log.Messages.Count;
        }).QuickCheckThrowOnFailure();

    /// <summary>A log in which the numbers choose what happens next.</summary>
    internal static Log Told(IEnumerable<int> steps)
    {
        var log = new Log();
        foreach (var step in steps)
        {
            var session = log.Session;
            var messages = log.Messages;
            switch (step)
            {
                case 0 when !session.IsLive:
                    log.Prompt($"prompt {log.Events.Count}");
                    break;
                case 1 when session.Turn is { } turn:
                    log.Add(new TurnCompleted(turn));
                    break;
                case 2 when session.Turn is { } turn:
                    log.Add(new MessageCompleted(log.Begin(turn), StopReason.End, new Usage(3, 1), 0.01m));
                    break;
                case 3 when session.Turn is { } turn:
                    log.Add(new PromptSteered(turn, log.Next<MessageId>(), [log.Text("steer")]));
                    break;
                case 4:
                    log.Add(new PromptQueued(log.Next<TurnId>(), log.Next<MessageId>(), [log.Text("queue")]));
                    break;
                case 5 when session.Turn is { } turn:
                    log.Add(new PermissionAsked(log.Next<PermissionId>(), turn, "1", "bash", "ls"));
                    break;
                case 6 when session.Questions.Count > 0:
                    log.Add(new PermissionAnswered(session.Questions[0].Permission, PermissionAnswer.Once));
                    break;
                case 7 when messages.Count > 1 && !session.IsLive:
                    log.Rewind(messages[messages.Count / 2].Id);
                    break;
                case 8 when session.Rewinds.Count > 0:
                    log.Unrewind();
                    break;
                case 9 when messages.Count > 0:
                    log.Add(new MessageEdited(messages[0].Id, [log.Text("edited")]));
                    break;
                case 10 when session.Turn is { } turn:
                    log.Add(new TurnFailed(turn, FailureKind.Network, null, "gone"));
                    break;
                default:
                    log.Say(Role.System, "note");
                    break;
            }
        }

        return log;
    }
}
