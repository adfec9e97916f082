using System.Collections.Concurrent;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>
/// Runs agents for agents: each in a session of its own, which is like any other but for its parent. It may do no more unasked than its
/// parent may, what it asks is asked in the parent's session too, and it is interrupted with the parent's turn. Safe for use by many threads.
/// </summary>
internal sealed class SubAgents(Sessions sessions, RequestRules rules, ISessionStore store)
{
    /// <summary>How many work for one session at once.</summary>
    public const int MostAtOnce = 20;

    /// <summary>How far below the session that a person began.</summary>
    public const int Deepest = 2;

    private const int LastMessages = 20;
    private static readonly Cause s_by = new("skein");
    private static readonly PermissionReply s_ended = new(PermissionAnswer.No, "The agent that asked has ended.");

    private readonly ConcurrentDictionary<SessionId, int> _running = new();
    private readonly ConcurrentDictionary<SessionId, CostMeter> _meters = new();
    private volatile bool _stopping;

    /// <summary>All sessions are being put down: none need be interrupted for another.</summary>
    public void Stop() => _stopping = true;

    /// <summary>Where it is counted what a session spends that works for a turn just now; null: nowhere.</summary>
    public CostMeter? FindMeter(SessionId session) => _meters.GetValueOrDefault(session);

    /// <exception cref="SkeinException">It cannot be begun: the message says why.</exception>
    public async Task<SubAgentResult> RunAsync(ITurn turn, SubAgentRequest request, CancellationToken cancellationToken)
    {
        var parent = turn.Session;
        var begun = await FindAsync(store, parent.Id, request.Key, cancellationToken);
        if (begun is null)
            await RequireRoomAsync(parent, cancellationToken);
        if (_running.AddOrUpdate(parent.Id, 1, static (_, count) => count + 1) > MostAtOnce)
        {
            Leave(parent.Id);
            throw new ConflictException($"{MostAtOnce} agents work for session {parent.Id} already, which is the most there may be: wait for their results.");
        }

        try
        {
            var child = begun ?? await CreateAsync(parent, request, cancellationToken);
            if (request.Meter is { } meter)
                _meters[child.Id] = meter;
            try
            {
                return await FollowAsync(turn, child, request, cancellationToken);
            }
            finally
            {
                _meters.TryRemove(child.Id, out _);
            }
        }
        finally
        {
            Leave(parent.Id);
        }
    }

    /// <summary>Puts the sessions that worked for one into the trash too.</summary>
    public async Task TrashOfAsync(SessionId parent, Cause by, CancellationToken cancellationToken)
    {
        foreach (var child in await SessionRows.BelowAsync(store, parent, trashed: false, cancellationToken))
            await sessions.TrashAsync(child.Id, parent, by, cancellationToken);
    }

    /// <summary>Takes those out of the trash that went there with their parent; one that was there before stays.</summary>
    /// <param name="parent">As it is in the trash.</param>
    public async Task RestoreOfAsync(Session parent, Cause by, CancellationToken cancellationToken)
    {
        if (parent.TrashedAt is not { } since)
            return;
        foreach (var child in await SessionRows.BelowAsync(store, parent.Id, trashed: true, cancellationToken))
        {
            if (await HasGoneWithAsync(child.Id, parent.Id, since, cancellationToken))
                await sessions.RestoreAsync(child.Id, by, cancellationToken);
        }
    }

    // Logs of before do not say with whom: there the times decide.
    private async Task<bool> HasGoneWithAsync(SessionId child, SessionId parent, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await foreach (var e in store.ReadBackAsync(child, long.MaxValue, cancellationToken))
        {
            if (e.Body is SessionTrashed trashed)
                return trashed.With == parent || (trashed.With is null && e.At > since);
        }

        return false;
    }

    /// <summary>The session that works for a call of this one; null: none does.</summary>
    public static async Task<Session?> FindAsync(ISessionStore store, SessionId parent, string? key, CancellationToken cancellationToken) =>
        key is not null && await store.FindByKeyAsync(key, cancellationToken) is { } child && child.Parent == parent ? child : null;

    /// <summary>
    /// A turn that waited for answers was interrupted: so are those whose questions they were, and its own are answered in its parent's session.
    /// Of turns that were put down nobody else would do so.
    /// </summary>
    /// <param name="interrupted">As it was before.</param>
    public async Task EndQuestionsAsync(Session interrupted, Cause by, CancellationToken cancellationToken)
    {
        foreach (var question in interrupted.Questions)
        {
            if (SessionId.TryParse(question.CallId.Split('/')[0], out var id) && await store.FindAsync(id, cancellationToken) is { } child && child.Parent == interrupted.Id)
                await sessions.InterruptAsync(id, by, cancellationToken);
            await PassUpAsync(interrupted, question, s_ended, cancellationToken);
        }
    }

    /// <summary>What a sub-agent was answered counts for its parent's question too. Where nothing of the parent's turn runs, it goes on by this.</summary>
    public async Task PassUpAsync(Session child, PermissionAsked answered, PermissionReply reply, CancellationToken cancellationToken)
    {
        if (child.Parent is { } id && await store.FindAsync(id, cancellationToken) is { } parent
            && parent.Questions.FirstOrDefault(q => q.CallId == CallIdAbove(child.Id, answered)) is { } open)
            await AnswerAsync(parent.Id, open.Permission, reply, cancellationToken);
    }

    private static string CallIdAbove(SessionId child, PermissionAsked asked) => $"{child}/{asked.CallId}";

    private async Task RequireRoomAsync(Session parent, CancellationToken cancellationToken)
    {
        var depth = 1;
        for (var above = parent.Parent; above is { } id && depth <= Deepest; depth++)
            above = (await store.FindAsync(id, cancellationToken))?.Parent;
        if (depth > Deepest)
            throw new ConflictException($"An agent that works for an agent of an agent cannot hand out work itself: {Deepest} levels are the most. Do it yourself.");
    }

    // What the session may do now counts, not what it might when its turn began.
    private async Task<Session> CreateAsync(Session parent, SubAgentRequest request, CancellationToken cancellationToken)
    {
        var now = (await sessions.GetAsync(parent.Id, cancellationToken)).Session;
        var agent = request.Agent ?? parent.Agent;
        var begun = await rules.CompleteAsync(now, new TurnOptions(agent), cancellationToken);
        var wanted = new NewSession(
            parent.Workspace, agent, agent == parent.Agent ? now.Model : begun.Model, Least(now.Mode, begun.Mode ?? now.Mode), RequestRules.Title(request.Title), parent.Id);
        return (await sessions.CreateAsync(wanted, s_by with { Key = request.Key }, cancellationToken)).Session;
    }

    private async Task<SubAgentResult> FollowAsync(ITurn turn, Session child, SubAgentRequest request, CancellationToken cancellationToken)
    {
        var questions = new ConcurrentDictionary<PermissionId, PermissionId>();
        var asking = new List<Task>();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var prompt = new PromptRequest(request.Prompt, Tools: turn.Tools, MaxCost: request.MaxCost ?? turn.Limits.MaxCost, MaxSteps: turn.Limits.MaxSteps);
            var accepted = await sessions.PromptAsync(child.Id, prompt, s_by with { Key = request.Key }, cancellationToken);
            await foreach (var frame in sessions.FollowAsync(child.Id, accepted.Seq, cancellationToken))
            {
                switch ((frame as EventFrame)?.Event.Body)
                {
                    case PermissionAsked asked:
                        var mine = questions[asked.Permission] = turn.Ids.Next<PermissionId>();
                        asking.Add(PassOnAsync(turn, child, mine, asked, ended.Token));
                        break;
                    case PermissionAnswered answered when questions.TryRemove(answered.Permission, out var open):
                        await AnswerAsync(turn.Session.Id, open, new PermissionReply(answered.Answer, answered.Message), cancellationToken);
                        break;
                    case TurnCompleted:
                        return await ResultAsync(child, null, cancellationToken);
                    case TurnFailed failed:
                        return await ResultAsync(child, failed.Message, cancellationToken);
                    case TurnInterrupted:
                        return await ResultAsync(child, "It was interrupted.", cancellationToken);
                }
            }

            throw new InvalidOperationException("A feed does not end.");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (!_stopping)
                await sessions.InterruptAsync(child.Id, s_by, CancellationToken.None);
            throw;
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(asking);
            foreach (var open in questions.Values.Where(_ => !cancellationToken.IsCancellationRequested))
                await AnswerAsync(turn.Session.Id, open, s_ended, CancellationToken.None);
        }
    }

    // Whoever is attached to the parent is asked too; the first answer counts, wherever it is given.
    private async Task PassOnAsync(ITurn turn, Session child, PermissionId mine, PermissionAsked asked, CancellationToken cancellationToken)
    {
        try
        {
            var question = new PermissionAsked(mine, turn.Id, CallIdAbove(child.Id, asked), asked.Tool, $"[{child.Title}] {asked.Title}", asked.Detail, asked.Pattern);
            var answer = await turn.AskAsync(question, cancellationToken);
            await AnswerAsync(child.Id, asked.Permission, new PermissionReply(answer.Answer, answer.Message), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The agent has ended, or is being interrupted.
        }
    }

    private async Task AnswerAsync(SessionId session, PermissionId permission, PermissionReply reply, CancellationToken cancellationToken)
    {
        try
        {
            await sessions.AnswerAsync(session, permission, reply, s_by, cancellationToken);
        }
        catch (NotInSessionException)
        {
            // It was answered there already.
        }
    }

    private async Task<SubAgentResult> ResultAsync(Session child, string? problem, CancellationToken cancellationToken)
    {
        var messages = await sessions.ListMessagesAsync(child.Id, null, LastMessages, cancellationToken);
        var answer = messages.Items.LastOrDefault(m => m.Role == Role.Assistant && m.Text.Length > 0)?.Text ?? "";
        var now = (await sessions.GetAsync(child.Id, cancellationToken)).Session;
        return new SubAgentResult(now.Id, now.Agent, answer, problem, now.Usage, now.Cost + await TurnSpending.BelowAsync(store, now.Id, cancellationToken));
    }

    private static PermissionMode Least(PermissionMode one, PermissionMode other) => Reach(one) <= Reach(other) ? one : other;

    private static int Reach(PermissionMode mode) => mode switch
    {
        PermissionMode.Plan => 0,
        PermissionMode.Ask => 1,
        PermissionMode.Edits => 2,
        _ => 3,
    };

    private void Leave(SessionId parent)
    {
        if (_running.AddOrUpdate(parent, 0, static (_, count) => count - 1) == 0)
            _running.TryRemove(KeyValuePair.Create(parent, 0));
    }
}
