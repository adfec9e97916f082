using Microsoft.Extensions.Logging;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Redaction;
using Skein.Core.Search;
using Skein.Core.Spending;

namespace Skein.Core.Running;

/// <summary>
/// The kernel: every command about a session comes through here. One runner (an actor) a session owns its writer; it is started on
/// demand and let go when idle. What a command returns is durable. Safe for use by many threads.
/// </summary>
/// <remarks>
/// A command whose <see cref="Cause.Key"/> the session has seen before is not done again: it answers as it did.
/// </remarks>
public sealed class Sessions : IAsyncDisposable
{
    private readonly ISessionStore _store;
    private readonly ILogger _logger;
    private readonly RequestRules _rules;
    private readonly SubAgents _subAgents;
    private readonly SessionMaker _maker;
    private readonly SessionFeed _feed;
    private readonly LiveTexts _live = new();
    private readonly Runners _runners;
    private readonly Retention _retention;
    private readonly Projects _projects;
    private readonly FileRewinds _rewinds;
    private readonly FileDiffs _diffs;
    private readonly Merging _merging;
    private readonly PromptExpander? _expand;

    /// <param name="store">Stays the caller's to dispose, after this.</param>
    public Sessions(ISessionStore store, AgentKinds agents, SessionsOptions options, TimeProvider time, ILogger logger)
    {
        (_store, _logger, _expand) = (store, logger, options.Expand);
        Ids = new IdSource(time);
        _rules = new RequestRules(agents, options.DefaultModel, store);
        _subAgents = new SubAgents(this, _rules, store);
        _feed = new SessionFeed(store, _live, time);
        var parts = new RunnerParts(store, agents, _subAgents, _live, Ids, options.Redactor ?? Redactor.RulesOnly, options.Files, time, logger);
        _runners = new Runners(parts);
        _retention = new Retention(store, _runners, time, logger);
        Purges = new Purges(store, _runners, options.Files, options.Worktrees);
        _projects = new Projects(store, options.FindProject);
        _rewinds = new FileRewinds(store, options.Files);
        _diffs = new FileDiffs(store, options.Files);
        _merging = new Merging(store, options.Files);
        _maker = new SessionMaker(parts, _runners, _rules, _projects, options);
    }

    public IdSource Ids { get; }

    internal Purges Purges { get; }

    /// <summary>Takes over the sessions whose server died: mends them and says so in their logs. For the start of a server.</summary>
    /// <param name="startsQueued">Prompts that waited for the end of a turn, which the death of the server was, are started.</param>
    /// <returns>Those that were mended or found in order; one that fails is logged and left for its next command.</returns>
    public async Task<IReadOnlyList<SessionId>> TakeOverAbandonedAsync(bool startsQueued, CancellationToken cancellationToken)
    {
        List<SessionId> taken = [];
        foreach (var session in await _store.FindAbandonedAsync(cancellationToken))
        {
            try
            {
                await _runners.RunAsync(session, runner => Prompting.TakeOverAsync(runner, startsQueued), cancellationToken);
                taken.Add(session);
            }
            catch (SkeinException e)
            {
                _logger.TakeOverFailed(session, e);
            }
        }

        return taken;
    }

    /// <exception cref="InvalidRequestException"/>
    /// <exception cref="SessionExistsException">The id exists with another workspace or agent.</exception>
    public async Task<SessionView> CreateAsync(NewSession request, Cause by, CancellationToken cancellationToken)
    {
        var (session, made) = await _maker.CreateAsync(request, by, cancellationToken);
        return made || request.Model is null || request.Model == session.Model
            ? View(session)
            : await ChangeAsync(session.Id, new SessionChange(Model: request.Model), by, cancellationToken);
    }

    /// <summary>Makes a session out of messages that were said elsewhere, as one atomic step.</summary>
    /// <exception cref="InvalidRequestException"/>
    public async Task<SessionView> ImportAsync(ImportRequest request, Cause by, CancellationToken cancellationToken) =>
        View(await _maker.ImportAsync(request, by, cancellationToken));

    /// <exception cref="SessionNotFoundException"/>
    public async Task<SessionView> GetAsync(SessionId session, CancellationToken cancellationToken) => View(await FindAsync(session, cancellationToken));

    public Task<SessionPage> ListAsync(SessionQuery query, CancellationToken cancellationToken) => _projects.ListAsync(query, cancellationToken);

    /// <summary>Lets the session go on in another folder. Its agent is ended, since it may still be in the one before.</summary>
    /// <exception cref="BusyException"/>
    public async Task<SessionView> MoveAsync(SessionId session, MoveRequest request, Cause by, CancellationToken cancellationToken)
    {
        var moves = await _projects.MoveAsync(await FindAsync(session, cancellationToken), request, cancellationToken);
        if (moves.Count == 0)
            return await GetAsync(session, cancellationToken);

        var view = await CommandAsync(
            session, by,
            runner =>
            {
                RequireIdle(Usable(runner.Session));
                return AppendAnyAsync(runner, [.. moves], by);
            },
            cancellationToken);
        await _runners.LetGoAsync(session, by);
        return view;
    }

    /// <exception cref="TrashedException"/>
    public Task<SessionView> ChangeAsync(SessionId session, SessionChange change, Cause by, CancellationToken cancellationToken)
    {
        var title = change.Title is null ? null : RequestRules.Title(change.Title);
        return CommandAsync(
            session, by,
            async runner => await AppendAnyAsync(runner, await _rules.ChangesAsync(Usable(runner.Session), change, title, cancellationToken), by),
            cancellationToken);
    }

    /// <summary>Puts the session into the trash and interrupts a running turn; prompts that wait do so there. Sub-agents' sessions go with it.</summary>
    public Task<SessionView> TrashAsync(SessionId session, Cause by, CancellationToken cancellationToken) => TrashAsync(session, with: null, by, cancellationToken);

    /// <param name="with">The session that takes it along.</param>
    internal async Task<SessionView> TrashAsync(SessionId session, SessionId? with, Cause by, CancellationToken cancellationToken)
    {
        // First, so that the end of the turn starts no other.
        await CommandAsync(session, by, runner => AppendAnyAsync(runner, runner.Session.TrashedAt is null ? [new SessionTrashed(with)] : [], by), cancellationToken);
        await InterruptAsync(session, by with { Key = null }, cancellationToken);
        await _subAgents.TrashOfAsync(session, by with { Key = null }, cancellationToken);
        return await GetAsync(session, cancellationToken);
    }

    /// <summary>Deletes a session in the trash for good. Forks and sub-agents' sessions stay, with what they inherited.</summary>
    /// <exception cref="ConflictException">It is not in the trash, or a turn of it has not ended.</exception>
    public Task PurgeAsync(SessionId session, Cause by, CancellationToken cancellationToken) => Purges.PurgeAsync(session, by, cancellationToken);

    /// <inheritdoc cref="ISessionStore.CollectAsync"/>
    public ValueTask<Collected> CollectAsync(CancellationToken cancellationToken) => Purges.CollectAsync(cancellationToken);

    /// <summary>Applies the rules once: sessions go to the trash in the name of <c>skein</c>, those that were there for long are purged.</summary>
    /// <returns>What was done; a session that failed is logged and left as it is.</returns>
    public Task<Retained> ApplyRetentionAsync(RetentionRules rules, CancellationToken cancellationToken)
    {
        var by = new Cause("skein");
        return _retention.ApplyAsync(
            rules, (session, token) => _subAgents.TrashOfAsync(session, by, token), (session, token) => PurgeAsync(session, by, token), cancellationToken);
    }

    /// <summary>Takes the session out of the trash, with what went there with it.</summary>
    public async Task<SessionView> RestoreAsync(SessionId session, Cause by, CancellationToken cancellationToken)
    {
        await _subAgents.RestoreOfAsync(await FindAsync(session, cancellationToken), by with { Key = null }, cancellationToken);
        return await CommandAsync(
            session, by,
            runner => AppendAnyAsync(runner, runner.Session.TrashedAt is null ? [] : [new SessionRestored()], by),
            cancellationToken);
    }

    /// <summary>Ends the agent and the runner (an open turn is interrupted) and keeps the session.</summary>
    public async Task ReleaseAsync(SessionId session, Cause by, CancellationToken cancellationToken)
    {
        // A turn that waits for an answer has no runner until somebody answers.
        if ((await FindAsync(session, cancellationToken)).IsLive)
            await InterruptAsync(session, by, cancellationToken);
        await _runners.LetGoAsync(session, by);
    }

    /// <summary>Does so for all sessions of a folder; null: of all folders. One that fails stops none of the others.</summary>
    /// <exception cref="SkeinException">What the first that failed said, when all had their turn.</exception>
    public Task<Released> ReleaseAllAsync(string? workspace, Cause by, CancellationToken cancellationToken) =>
        Releasing.AllAsync(_store, _runners, workspace, session => ReleaseAsync(session, by with { Key = null }, cancellationToken), cancellationToken);

    /// <exception cref="BusyException">A turn runs and the prompt neither queues nor steers.</exception>
    public async Task<PromptAccepted> PromptAsync(SessionId session, PromptRequest prompt, Cause by, CancellationToken cancellationToken)
    {
        var row = await FindAsync(session, cancellationToken);
        var (parts, expanded) = await Prompting.ExpandAsync(_expand, row, RequestRules.Parts(prompt.Text, prompt.Parts), cancellationToken);
        var located = await _projects.LocateAsync(row.Workspace, row.Project, cancellationToken);
        return await _runners.RunAsync(
            session,
            async runner =>
            {
                if (await runner.Memory.FindOutcomeAsync(by.Key, cancellationToken) is { Turn: { } turn } done)
                    return new PromptAccepted(turn, done.Seq);

                var now = Usable(runner.Session);
                var options = await _rules.CompleteAsync(now, RequestRules.Options(prompt, expanded), cancellationToken);
                var agent = options.Agent ?? now.Agent;
                _rules.Model(agent, options.TurnModel ?? options.Model ?? (agent == now.Agent ? now.Model : null));
                var queued = new PromptQueued(
                    Ids.Next<TurnId>(), Ids.Next<MessageId>(), [.. parts.Select(p => new MessagePart(Ids.Next<PartId>(), p))],
                    options == new TurnOptions() ? null : options);

                if (located is not null && now is { Turn: null, Project: null })
                    await runner.AppendAsync([located], new Cause("skein"));
                return now.Turn is { } running
                    ? await Prompting.WhileBusyAsync(runner, running, queued, prompt.When, by)
                    : await Prompting.WhileFreeAsync(runner, queued, by);
            },
            cancellationToken);
    }

    /// <summary>Starts a turn that only compacts the context, as <see cref="PromptAsync"/> starts one.</summary>
    /// <exception cref="BusyException"/>
    /// <exception cref="ConflictException">Its agent keeps its context itself.</exception>
    public Task<PromptAccepted> CompactAsync(SessionId session, CompactRequest request, Cause by, CancellationToken cancellationToken)
    {
        var compaction = RequestRules.Compaction(request);
        return _runners.RunAsync(session, runner => Prompting.CompactAsync(runner, compaction, by), cancellationToken);
    }

    /// <inheritdoc cref="Prompting.StartQueuedAsync"/>
    /// <exception cref="BusyException"/>
    public Task<PromptAccepted> StartQueuedAsync(SessionId session, Cause by, CancellationToken cancellationToken) =>
        _runners.RunAsync(session, runner => Prompting.StartQueuedAsync(runner, by), cancellationToken);

    /// <summary>Takes a queued prompt back.</summary>
    /// <exception cref="NotInSessionException">No such prompt waits.</exception>
    public Task<SessionView> WithdrawAsync(SessionId session, TurnId turn, Cause by, CancellationToken cancellationToken) =>
        CommandAsync(session, by, runner => Prompting.WithdrawAsync(runner, turn, by), cancellationToken);

    /// <inheritdoc cref="Prompting.EditAsync"/>
    public Task<SessionView> EditQueuedAsync(SessionId session, TurnId turn, PromptChange change, Cause by, CancellationToken cancellationToken) =>
        CommandAsync(session, by, runner => Prompting.EditAsync(runner, turn, change, by), cancellationToken);

    /// <summary>Returns when the turn has really ended.</summary>
    public async Task<InterruptOutcome> InterruptAsync(SessionId session, Cause by, CancellationToken cancellationToken)
    {
        var row = await FindAsync(session, cancellationToken);
        if (!row.IsLive && !_runners.Has(session))
            return new InterruptOutcome(false);

        var (known, ended) = await _runners.RunAsync(
            session,
            async runner => await runner.Memory.FindOutcomeAsync(by.Key, cancellationToken) is { } done
                ? (done, null)
                : ((KeyOutcome?)null, await runner.InterruptAsync(new Interruption("user", by))),
            cancellationToken);
        if (ended is not null)
            await ended.WaitAsync(cancellationToken);
        await _subAgents.EndQuestionsAsync(row, by with { Key = null }, cancellationToken);
        return new InterruptOutcome(known is not null || ended is not null);
    }

    /// <exception cref="NotInSessionException">There is no such question, or it has been answered.</exception>
    public async Task<SessionView> AnswerAsync(
        SessionId session, PermissionId permission, PermissionReply reply, Cause by, CancellationToken cancellationToken)
    {
        PermissionAsked? answered = null;
        var view = await CommandAsync(session, by, async runner => answered = await Answering.AnswerAsync(runner, permission, reply, by), cancellationToken);
        if (answered is not null)
            await _subAgents.PassUpAsync(view.Session, answered, reply, cancellationToken);
        return view;
    }

    /// <summary>Forks at a message, or at the end, by reference: neither session can change the other.</summary>
    public async Task<SessionView> ForkAsync(SessionId session, ForkRequest request, Cause by, CancellationToken cancellationToken) =>
        View(await _maker.ForkAsync(session, request, by, cancellationToken));

    /// <inheritdoc cref="FileRewinds.RewindAsync"/>
    /// <exception cref="BusyException"/>
    public async Task<SessionView> RewindAsync(SessionId session, RewindRequest request, Cause by, CancellationToken cancellationToken)
    {
        await _runners.SettleAsync(session, cancellationToken);
        return await CommandAsync(session, by, runner => _rewinds.RewindAsync(Idle(runner), request, by, cancellationToken), cancellationToken);
    }

    /// <inheritdoc cref="FileRewinds.UnrewindAsync"/>
    /// <exception cref="BusyException"/>
    public Task<SessionView> UnrewindAsync(SessionId session, UnrewindRequest request, Cause by, CancellationToken cancellationToken) =>
        CommandAsync(session, by, runner => _rewinds.UnrewindAsync(Idle(runner), request, by, cancellationToken), cancellationToken);

    /// <summary>Carries what a fork did into its origin: its changes of files, and one message.</summary>
    /// <inheritdoc cref="Merging.MergeAsync"/>
    public async Task<MergeOutcome> MergeAsync(SessionId fork, MergeRequest request, Cause by, CancellationToken cancellationToken) =>
        await _runners.RunAsync(await OriginAsync(fork, cancellationToken), runner => _merging.MergeAsync(Idle(runner), fork, request.Conflicts, by, cancellationToken), cancellationToken);

    /// <summary>Takes the merge of a fork back, as long as nothing was said in the origin since: its files are what they were, and the message is hidden.</summary>
    /// <exception cref="FilesChangedException"/>
    public async Task<SessionView> UnmergeAsync(SessionId fork, UnmergeRequest request, Cause by, CancellationToken cancellationToken) =>
        await CommandAsync(
            await OriginAsync(fork, cancellationToken), by,
            async runner =>
            {
                var merged = await _merging.RequireLastAsync(Idle(runner).Session, fork, cancellationToken);
                await _rewinds.RewindAsync(runner, new RewindRequest(Files: merged.From is not null, Force: request.Force), by, cancellationToken);
            },
            cancellationToken);

    /// <inheritdoc cref="FileDiffs.ReadAsync"/>
    public async Task<SessionDiff> DiffAsync(SessionId session, TurnId? turn, bool withPatch, CancellationToken cancellationToken) =>
        await _diffs.ReadAsync(await FindAsync(session, cancellationToken), turn, withPatch, cancellationToken);

    /// <param name="before"><see cref="MessagePage.Before"/> of the page after; null: the newest page.</param>
    /// <param name="limit">1 to 1,000.</param>
    public async Task<MessagePage> ListMessagesAsync(SessionId session, long? before, int limit, CancellationToken cancellationToken) =>
        await MessagePages.ReadAsync(_store, await FindAsync(session, cancellationToken), before, RequestRules.Limit(limit), cancellationToken);

    /// <exception cref="NotInSessionException">It has no such message, or a rewind hides it.</exception>
    public async Task<Message> GetMessageAsync(SessionId session, MessageId message, CancellationToken cancellationToken) =>
        await MessagePages.FindAsync(_store, await FindAsync(session, cancellationToken), message, cancellationToken)
            ?? throw new NotInSessionException(session, $"message {message}");

    /// <summary>Looks for a text in what was said and done in all sessions, and ends with whether that was all.</summary>
    /// <exception cref="InvalidRequestException"/>
    public IAsyncEnumerable<SearchLine> SearchAsync(SearchQuery query, CancellationToken cancellationToken) =>
        Searching.RunAsync(_store, _projects, query, cancellationToken);

    /// <summary>What models were paid, as the logs have it.</summary>
    public Task<SpendingReport> SumSpendingAsync(SpendingQuery query, CancellationToken cancellationToken) =>
        Spendings.SumAsync(_store, _projects, query, cancellationToken);

    /// <summary>Appends a finished message without a turn.</summary>
    public Task<Message> AddMessageAsync(SessionId session, NewMessage message, Cause by, CancellationToken cancellationToken) =>
        _runners.RunAsync(session, runner => MessagesByHand.AddAsync(runner, message, by, cancellationToken), cancellationToken);

    /// <summary>Replaces the parts of a message; an event, nothing is overwritten.</summary>
    public Task<Message> EditMessageAsync(SessionId session, MessageId message, MessageChange change, Cause by, CancellationToken cancellationToken) =>
        _runners.RunAsync(session, runner => MessagesByHand.EditAsync(runner, message, change, by, cancellationToken), cancellationToken);

    /// <summary>Every event after <paramref name="after"/>, then those to come, with the text that is arriving between them. Ends only when cancelled.</summary>
    /// <exception cref="CursorAheadException">The session ends before <paramref name="after"/>.</exception>
    public IAsyncEnumerable<FeedFrame> FollowAsync(SessionId session, long after, CancellationToken cancellationToken) =>
        _feed.FollowAsync(session, after, cancellationToken);

    /// <summary>The rows of the live sessions (running or waiting), then every row as it changes.</summary>
    public IAsyncEnumerable<SessionRow> WatchAsync(CancellationToken cancellationToken) => _feed.WatchAsync(cancellationToken);

    /// <summary>Stores content that messages to come will name.</summary>
    public ValueTask<BlobRef> PutBlobAsync(Stream content, string mediaType, CancellationToken cancellationToken) =>
        _store.PutBlobAsync(content, mediaType, cancellationToken);

    /// <summary>The content of a blob; null when there is none.</summary>
    public ValueTask<Stream?> FindBlobAsync(string sha256, CancellationToken cancellationToken) => _store.FindBlobAsync(sha256, cancellationToken);

    /// <summary>Interrupts what runs and closes every writer; questions that can wait for a restart stay open.</summary>
    public async ValueTask DisposeAsync()
    {
        _subAgents.Stop();
        await _runners.DisposeAsync();
        _maker.Dispose();
    }

    private static async Task AppendAnyAsync(SessionRunner runner, List<EventBody> bodies, Cause by)
    {
        if (bodies.Count > 0)
            await runner.AppendAsync(bodies, by);
    }

    internal static Session Usable(Session session) => session.TrashedAt is null ? session : throw new TrashedException(session.Id);

    private static SessionRunner Idle(SessionRunner runner)
    {
        RequireIdle(Usable(runner.Session));
        return runner;
    }

    internal static void RequireIdle(Session session)
    {
        if (session.Turn is { } turn)
            throw new BusyException(session.Id, turn);
    }

    private async Task<SessionId> OriginAsync(SessionId fork, CancellationToken cancellationToken)
    {
        var origin = (await FindAsync(fork, cancellationToken)).ForkedFrom?.Session ?? throw new ConflictException($"Session {fork} is no fork: it has no origin to be merged into.");
        await _runners.SettleAsync(origin, cancellationToken);
        return origin;
    }

    private SessionView View(Session session) => new(session, _live.Followers(session.Id));

    private async Task<Session> FindAsync(SessionId session, CancellationToken cancellationToken) =>
        await _store.FindAsync(session, cancellationToken) ?? throw new SessionNotFoundException(session);

    // A command that answers with the session; one with a known key changes nothing more.
    private Task<SessionView> CommandAsync(SessionId session, Cause by, Func<SessionRunner, Task> command, CancellationToken cancellationToken) =>
        _runners.RunAsync(
            session,
            async runner =>
            {
                if (await runner.Memory.FindOutcomeAsync(by.Key, cancellationToken) is null)
                    await command(runner);
                return View(runner.Session);
            },
            cancellationToken);
}
