using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>What becomes of a prompt. On the runner's mailbox only.</summary>
internal static class Prompting
{
    // What was to follow upon that turn may be wrong by now, and nobody looks on.
    private static readonly TimeSpan s_staysWanted = TimeSpan.FromHours(1);

    /// <summary>What the prompt says before it is accepted.</summary>
    public static async Task<(IReadOnlyList<Part> Parts, ExpandedPrompt? Expanded)> ExpandAsync(
        PromptExpander? expand, Session session, IReadOnlyList<Part> parts, CancellationToken cancellationToken)
    {
        if (expand is null)
            return (parts, null);

        var text = parts.OfType<TextPart>().FirstOrDefault();
        if (await expand(session, text?.Text ?? "", cancellationToken) is not { } expanded)
            return (parts, null);
        return (text is null ? [.. parts, new TextPart(expanded.Text)] : [.. parts.Select(p => ReferenceEquals(p, text) ? new TextPart(expanded.Text) : p)], expanded);
    }

    public static async Task<PromptAccepted> WhileBusyAsync(SessionRunner runner, TurnId running, PromptQueued queued, WhenBusy when, Cause by)
    {
        switch (when)
        {
            case WhenBusy.Queue:
                return new PromptAccepted(queued.Turn, (await runner.AppendAsync([queued], by))[^1].Seq);
            case WhenBusy.Interrupt:
                var first = (await runner.AppendAsync([queued with { First = true }], by))[^1].Seq;

                // The end of the turn is done on this mailbox, so it is not waited for here. One that only waits for an answer has ended now.
                await runner.InterruptAsync(new Interruption("user", by with { Key = null }));
                if (runner.Session.Turn is null)
                    await StartAsync(runner, runner.Session.Queue[0], null);
                return new PromptAccepted(queued.Turn, first);
            case WhenBusy.Steer:
                return await Steering.SayAsync(runner, running, queued, by);
            default:
                throw new BusyException(runner.Session.Id, running);
        }
    }

    // Prompts that still wait, since the server was stopped, go first, in their order.
    public static async Task<PromptAccepted> WhileFreeAsync(SessionRunner runner, PromptQueued prompt, Cause by)
    {
        if (runner.Session.Queue.Count == 0)
            return await StartAsync(runner, prompt, by);

        var events = await runner.AppendAsync([prompt], by);
        await StartAsync(runner, runner.Session.Queue[0], null);
        return new PromptAccepted(prompt.Turn, events[^1].Seq);
    }

    /// <summary>Starts the prompt that has waited longest, of a session in which no turn runs.</summary>
    /// <exception cref="ConflictException">None waits.</exception>
    public static async Task<PromptAccepted> StartQueuedAsync(SessionRunner runner, Cause by)
    {
        if (await runner.Memory.FindOutcomeAsync(by.Key, CancellationToken.None) is { Turn: { } known } done)
            return new PromptAccepted(known, done.Seq);

        var session = Sessions.Usable(runner.Session);
        Sessions.RequireIdle(session);
        return session.Queue is [var next, ..] ? await StartAsync(runner, next, by) : throw new ConflictException($"In session {session.Id} no prompt waits.");
    }

    /// <summary>
    /// Of a session whose server died: starts the prompt that the end of its turn would have started. After a stop they wait until somebody
    /// has them started: who stops a server does not want it to go on by itself when it is started for something else. So they do where the
    /// server has been dead for long.
    /// </summary>
    /// <returns>Whether one was started.</returns>
    public static async Task<bool> TakeOverAsync(SessionRunner runner, bool startsQueued)
    {
        if (!startsQueued || runner.Parts.Time.GetUtcNow() - runner.LeftAt > s_staysWanted || !await IsLeftWaitingAsync(runner.Parts.Store, runner.Session, CancellationToken.None))
            return false;
        await StartAsync(runner, runner.Session.Queue[0], new Cause("skein"));
        return true;
    }

    private static async Task<bool> IsLeftWaitingAsync(ISessionStore store, Session session, CancellationToken cancellationToken)
    {
        if (session is not { Queue.Count: > 0, Turn: null, TrashedAt: null })
            return false;

        await foreach (var e in store.ReadBackAsync(session.Id, long.MaxValue, cancellationToken))
        {
            if (e.Body is TurnCompleted or TurnFailed or TurnInterrupted)
                return e.Body is not TurnInterrupted { Reason: "stop" };
        }

        return false;
    }

    /// <summary>Starts a turn with the prompt.</summary>
    public static async Task<PromptAccepted> StartAsync(SessionRunner runner, PromptQueued prompt, Cause? by)
    {
        var session = runner.Session;
        var options = prompt.Options ?? new TurnOptions();
        List<EventBody> bodies = [];
        if (session.Archived)
            bodies.Add(new SessionUnarchived());
        if (RequestRules.Changes(session, options) is { } configured)
            bodies.Add(configured);

        var after = bodies.OfType<SessionConfigured>().Aggregate(
            session, (now, body) => now.Apply(new SessionEvent(now.Id, now.Seq, now.UpdatedAt, body)));
        bodies.Add(new TurnStarted(prompt.Turn, after.Agent, options.TurnModel ?? after.Model, after.Mode, options.System, options.Tools, options.MaxCost, options.MaxSteps, Effort: options.Effort));
        bodies.Add(new MessageAdded(prompt.Message, Role.User, MessageStatus.Completed, session.Messages + 1, prompt.Parts, prompt.Turn));
        return new PromptAccepted(prompt.Turn, (await runner.BeginAsync(bodies, by)).Seq);
    }

    /// <exception cref="NotInSessionException">No such prompt waits.</exception>
    public static Task WithdrawAsync(SessionRunner runner, TurnId turn, Cause by) => runner.AppendAsync([new PromptWithdrawn(Waiting(runner, turn).Turn)], by);

    /// <summary>Changes what a queued prompt says, or tells it to the running turn.</summary>
    /// <exception cref="NotInSessionException">No such prompt waits.</exception>
    /// <exception cref="ConflictException">No turn runs that could be told it, or its agent cannot be.</exception>
    public static Task EditAsync(SessionRunner runner, TurnId turn, PromptChange change, Cause by)
    {
        var waiting = Waiting(runner, turn);
        return change switch
        {
            { When: null } => runner.AppendAsync([new PromptEdited(turn, [.. RequestRules.Parts(change.Text, change.Parts).Select(p => new MessagePart(runner.Ids.Next<PartId>(), p))])], by),
            { When: WhenBusy.Steer, Text: null, Parts: null } when runner.Session.Turn is { } running => Steering.SayAsync(runner, running, waiting, by, waited: true),
            { When: WhenBusy.Steer, Text: null, Parts: null } => throw new ConflictException($"In session {runner.Session.Id} no turn runs that could be told prompt {turn}."),
            _ => throw new InvalidRequestException("A queued prompt is given a text, or parts, or 'when', which must be 'steer'."),
        };
    }

    private static PromptQueued Waiting(SessionRunner runner, TurnId turn) =>
        runner.Session.Queue.FirstOrDefault(q => q.Turn == turn) ?? throw new NotInSessionException(runner.Session.Id, $"queued prompt {turn}");

    /// <summary>Starts a turn that only compacts the context.</summary>
    /// <exception cref="ConflictException">Its agent cannot.</exception>
    public static async Task<PromptAccepted> CompactAsync(SessionRunner runner, TurnCompaction compaction, Cause by)
    {
        if (await runner.Memory.FindOutcomeAsync(by.Key, CancellationToken.None) is { Turn: { } known } done)
            return new PromptAccepted(known, done.Seq);

        var session = Sessions.Usable(runner.Session);
        Sessions.RequireIdle(session);
        if (!runner.Agent().CanCompact)
            throw new ConflictException($"The agent {session.Agent} keeps its context itself: it cannot be told to compact it.");

        var turn = runner.Ids.Next<TurnId>();
        return new PromptAccepted(turn, (await runner.BeginAsync([new TurnStarted(turn, session.Agent, session.Model, session.Mode, Compact: compaction)], by)).Seq);
    }
}
