using System.Text.Json.Nodes;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Driving;

/// <summary>
/// One turn of a driven agent: starts its program where that is needed, does what the protocol wants done, hands on what the agent says
/// and what it is answered, and ends it within bounded time when it is interrupted.
/// </summary>
internal sealed class DrivenTurn : IAsyncDisposable
{
    private readonly DrivenAgent _agent;
    private readonly DrivenAgentOptions _options;
    private readonly ITurn _turn;
    private readonly List<(PermissionAsked Question, Task<PermissionAnswered> Answer)> _asked = [];
    private readonly CancellationTokenSource _askedEnds = new();
    private readonly CancellationTokenSource _bounds = new();
    private readonly TaskCompletionSource _interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _interrupting;
    private readonly List<Task> _watches = [];
    private readonly HeldEvents _held;
    private Phase _phase;
    private AgentResume? _resume;
    private Silence? _silence;
    private bool _isTold;
    private string? _tooSlow;
    private TurnFailure? _failure;

    public DrivenTurn(DrivenAgent agent, DrivenAgentOptions options, ITurn turn, CancellationToken cancellationToken)
    {
        (_agent, _options, _turn) = (agent, options, turn);
        _held = new HeldEvents(options.HoldWithin, options.HoldWordsWithin, options.Time, delay => agent.Live?.Process.DelayAsync(delay) ?? Task.Delay(delay, options.Time));
        _interrupting = cancellationToken.Register(() => _interrupted.TrySetResult());
    }

    private enum Phase { New, Opening, Working, Over }

    /// <summary>Works until there is something for the runner.</summary>
    /// <returns>Null: the turn is over.</returns>
    public async Task<AgentOutput?> NextAsync()
    {
        if (_held.TakeWords() is { } words)
            return words;

        try
        {
            while (_phase != Phase.Over)
            {
                var conversation = await ConversationAsync();
                var step = conversation.Steps.Peek();
                var isSteered = step is null && CanSteer(conversation) && _turn.Steered.IsCompleted;
                if (_held.MustGoBefore(step) || (isSteered && _held.Any))
                    break;
                if (isSteered)
                    await SteerAsync(conversation);
                else if (step is null)
                    await HearAsync(conversation);
                else if (await DoAsync(conversation, conversation.Steps.Take()!) is { } output)
                    return output;
            }
        }
        catch (AgentFailedException e)
        {
            _phase = Phase.Over;
            await _agent.DropAsync();
            _failure = new TurnFailure(e.Kind, _options.Name, _tooSlow ?? e.Message);
        }

        if (_held.Any)
            return await BoundedOutput.OfAsync(_held.Take(), _turn, CancellationToken.None);
        (var failure, _failure) = (_failure, null);
        return failure;
    }

    public async ValueTask DisposeAsync()
    {
        // Left in the middle, by a runner that can append no more: nobody knows what the agent would say next.
        if (_phase is Phase.Opening or Phase.Working)
            await _agent.DropAsync();
        await _bounds.CancelAsync();
        await Task.WhenAll(_watches);
        await _askedEnds.CancelAsync();
        await _interrupting.DisposeAsync();
        _silence?.Dispose();
        _bounds.Dispose();
        _askedEnds.Dispose();
    }

    private async Task<Conversation> ConversationAsync()
    {
        var known = _turn.Session.AgentSession;
        if (_phase != Phase.New)
            return _agent.Live!;

        if (_agent.Live is { } live && !live.Process.Ended.IsCompleted && live.AgentSession == known)
        {
            Begin(live, Handover.OfAside(_turn.Aside));
            return live;
        }

        if (known is null && _turn.Compaction is not null)
            throw NothingToCompact("has no session of its own here yet");
        var origin = known is null ? await _turn.FindAgentOriginAsync(CancellationToken.None) : null;
        return await OpenAsync(
            known is not null ? new AgentResume(known, _turn.Session.Cost, Forks: false)
            : origin is not null ? new AgentResume(origin.Id, origin.Paid, Forks: true)
            : null);
    }

    private async Task<Conversation> OpenAsync(AgentResume? resume)
    {
        _resume = resume;
        var started = await _agent.StartAsync(_turn.Session, resume);
        _phase = Phase.Opening;
        started.Protocol.Open(_turn.Session, resume, started.Steps);
        _watches.Add(WatchAsync(
            () => _phase == Phase.Opening, _options.StartWithin, started,
            $"{_options.Name} did not open its session within {_options.StartWithin.TotalSeconds:0} s."));
        return started;
    }

    private async Task<AgentOutput?> DoAsync(Conversation conversation, AgentStep step)
    {
        switch (step)
        {
            case AgentStep.Send send:
                await SendAsync(conversation, send.Frame);
                return null;
            case AgentStep.Yield { Output: AgentEvents events }:
                _held.Add(events.Bodies);
                return null;
            case AgentStep.Yield { Output: AgentDelta words } when _held.TryHold(words):
                return null;
            case AgentStep.Yield yield:
                return yield.Output;
            case AgentStep.Ask ask:
                _asked.Add((ask.Question, AnswerAsync(ask)));
                return null;
            case AgentStep.Forget forget:
                _asked.RemoveAll(a => a.Question.Permission == forget.Question);
                return null;
            case AgentStep.Opened opened:
                return Opened(conversation, opened.AgentSession);
            case AgentStep.Lost lost:
                return await HandOverAsync(conversation, lost.Why);
            case AgentStep.Over over:
                return await EndAsync(over.Failure);
            default:
                throw new InvalidOperationException($"There is no step {step}.");
        }
    }

    private AgentOutput? Opened(Conversation conversation, string agentSession)
    {
        var isNew = agentSession != _turn.Session.AgentSession;
        conversation.AgentSession = agentSession;
        Begin(conversation, isNew && _resume is not { Forks: true } ? Handover.Of(_turn.Messages) : Handover.OfAside(_turn.Aside));
        return isNew ? AgentOutput.FromEventBody(new AgentLinked(_options.Name, agentSession)) : null;
    }

    /// <param name="before">As in <see cref="IAgentProtocol.Prompt"/>.</param>
    private void Begin(Conversation conversation, string? before)
    {
        _phase = Phase.Working;
        _silence = new Silence(_options.Silence, _options.Time);
        if (_turn.Compaction is { } compaction)
            conversation.Protocol.Compact(_turn, compaction.Keep, conversation.Steps);
        else
            conversation.Protocol.Prompt(_turn, before, conversation.Steps);
    }

    private AgentFailedException NothingToCompact(string why) =>
        new(FailureKind.BadRequest, $"{_options.Name} {why}, so that there is nothing to compact: the next prompt begins one.");

    /// <summary>
    /// The agent's own session is gone: whoever is attached decides whether the conversation goes on in a new one. A fork, which has none
    /// yet, begins a new one.
    /// </summary>
    private async Task<AgentOutput?> HandOverAsync(Conversation conversation, string why)
    {
        var lost = _turn.Session.AgentSession;
        if (_turn.Compaction is not null)
            throw NothingToCompact($"no longer has its session {lost} ({why})");
        var question = new PermissionAsked(
            _turn.Ids.Next<PermissionId>(), _turn.Id, $"handover-{_turn.Id}", _options.Name,
            $"{_options.Name} no longer has its session {lost}: go on in a new one, which is told the conversation so far?", why);
        if (_turn.Session.Mode != PermissionMode.Auto && _resume is { Forks: false })
        {
            var answer = _turn.AskAsync(question, _askedEnds.Token);
            if (await Task.WhenAny(answer, _interrupted.Task) != answer)
                return await EndAsync(null);
            if ((await answer).Answer == PermissionAnswer.No)
                return await EndAsync(new TurnFailure(FailureKind.BadRequest, _options.Name, $"{_options.Name} no longer has its session {lost} ({why}), and no new one was wanted."));
        }

        _resume = null;
        if (conversation.Protocol.Arguments(_turn.Session, null) is null)
            conversation.Protocol.Open(_turn.Session, null, conversation.Steps);
        else
            await OpenAsync(null);
        return null;
    }

    private async Task<AgentOutput?> EndAsync(TurnFailure? failure)
    {
        if (_phase == Phase.Opening)
            await _agent.DropAsync();
        _phase = Phase.Over;
        if (_tooSlow is not null)
        {
            // It has heard the interrupt, but not what it was to do before: the next turn is safer with another start of it.
            await _agent.StopAsync();
            failure = new TurnFailure(FailureKind.Internal, _options.Name, _tooSlow);
        }

        return _interrupted.Task.IsCompleted ? null : failure;
    }

    private async Task<PermissionAnswered> AnswerAsync(AgentStep.Ask ask)
    {
        var answered = await DecideAsync(ask);
        if (answered.Answer != PermissionAnswer.No && ask.Effect != AgentEffect.Read)
            await _turn.ReadyForChangesAsync(_askedEnds.Token);
        return answered;
    }

    private async Task<PermissionAnswered> DecideAsync(AgentStep.Ask ask)
    {
        var judged = _turn.Judge is { } judge ? await judge(ask.Question, ask.Effect.ToString().ToLowerInvariant(), _askedEnds.Token) : null;
        if (judged?.Forbidden is { } why)
            return new PermissionAnswered(ask.Question.Permission, PermissionAnswer.No, why);
        if (judged?.Asks is null && Decided(_turn.Session.Mode, ask.Effect) is { } answer)
            return new PermissionAnswered(ask.Question.Permission, answer);
        return await _turn.AskAsync(judged?.Asks is { } reason ? ask.Question with { Detail = $"{reason}\n\n{ask.Question.Detail}".Trim() } : ask.Question, _askedEnds.Token);
    }

    // Skein answers, so that the agent never has to be told to ask nobody.
    private static PermissionAnswer? Decided(PermissionMode mode, AgentEffect effect) => mode switch
    {
        PermissionMode.Auto when effect != AgentEffect.Widen => PermissionAnswer.Once,
        PermissionMode.Plan => effect == AgentEffect.Read ? PermissionAnswer.Once : PermissionAnswer.No,
        PermissionMode.Edits when effect is AgentEffect.Read or AgentEffect.Edit => PermissionAnswer.Once,
        _ => null,
    };

    // What comes while it opens its session waits until it has the prompt.
    private bool CanSteer(Conversation conversation) => _phase == Phase.Working && conversation.Protocol.CanSteer && !_interrupted.Task.IsCompleted;

    private async Task SteerAsync(Conversation conversation)
    {
        foreach (var message in await _turn.TakeSteeredAsync(CancellationToken.None))
            conversation.Protocol.Steer(message, conversation.Steps);
    }

    private async Task HearAsync(Conversation conversation)
    {
        var within = _turn.Compaction is null ? _options.BackgroundWithin : _options.OfferWithin;
        var hasWaited = !conversation.Receiving.IsCompleted && await WaitAsync(conversation, within);
        if (!_isTold && _interrupted.Task.IsCompleted)
            await InterruptAsync(conversation);
        else if (_asked.FirstOrDefault(a => a.Answer.IsCompleted) is { Question: { } question } asked)
        {
            _asked.Remove(asked);
            _silence?.Break();
            conversation.Protocol.Answer(question, await asked.Answer, conversation.Steps);
        }
        else if (conversation.Receiving.IsCompleted)
        {
            _silence?.Break();
            conversation.Protocol.Hear(await conversation.TakeAsync(), conversation.Steps);
        }
        else if (hasWaited)
            conversation.Protocol.GiveUp(within, conversation.Steps);
        else if (!_isTold && _silence is { Due.IsCompleted: true } silence)
        {
            var isMeant = _asked.Count > 0 || conversation.Protocol.IsWaiting;
            var isBusy = conversation.Protocol.IsBusy;
            if (silence.IsTooLong(isMeant ? Timeout.InfiniteTimeSpan : isBusy ? _options.Silence.InCall : _options.Silence.Usual))
                await InterruptAsync(conversation, Silent(isBusy));
        }
    }

    /// <summary>Waits for the agent, for an answer, for more from the user, for the interrupt or until what is held is due, whatever comes first.</summary>
    /// <param name="within">How long an agent that goes on by itself may take.</param>
    /// <returns>Whether it took that long.</returns>
    private async Task<bool> WaitAsync(Conversation conversation, TimeSpan within)
    {
        List<Task> first = [conversation.Receiving, .. _asked.Select(a => a.Answer)];
        if (!_isTold)
            first.AddRange(_silence is null ? [_interrupted.Task] : [_interrupted.Task, _silence.Due]);
        using var heard = new CancellationTokenSource();
        var waited = conversation.Protocol.IsWaiting && _asked.Count == 0 ? Task.Delay(within, _options.Time, heard.Token) : null;
        if (waited is not null)
            first.Add(waited);
        if (_held.Any)
            first.Add(_held.Due);
        if (CanSteer(conversation))
            first.Add(_turn.Steered);
        await Task.WhenAny(first);
        await heard.CancelAsync();
        return waited is { IsCompletedSuccessfully: true };
    }

    private string Silent(bool isBusy) => isBusy
        ? $"{_options.Name} said nothing for {_options.Silence.InCall.TotalSeconds:0} s while a call of a tool was open: it was ended ('call_silence_seconds' in the settings)."
        : $"{_options.Name} said nothing for {_options.Silence.Usual.TotalSeconds:0} s in the middle of its turn, though no call of a tool was open and nobody was asked: it was ended ('silence_seconds' in the settings).";

    /// <summary>Writes to the agent, which takes only so much that it does not read.</summary>
    private async Task SendAsync(Conversation conversation, JsonObject frame)
    {
        var sending = conversation.Process.SendAsync(frame);
        while (_silence is not null && await Task.WhenAny(sending, _interrupted.Task, _silence.Due) != sending)
        {
            var isInterrupted = _interrupted.Task.IsCompleted;
            if (!isInterrupted && !_silence.IsTooLong(_options.Silence.Usual))
                continue;
            _tooSlow ??= isInterrupted ? null : Silent(isBusy: false);
            if (await Task.WhenAny(sending, Task.Delay(_options.InterruptWithin, _options.Time, _bounds.Token)) != sending)
                await conversation.Process.StopAsync(_options.EndWithin, _options.Time);
            break;
        }

        await sending;
    }

    /// <param name="why">What it fails with; null: somebody wants the turn to end.</param>
    private async Task InterruptAsync(Conversation conversation, string? why = null)
    {
        _isTold = true;
        _tooSlow ??= why;
        _asked.Clear();
        if (_phase == Phase.Opening)
        {
            await EndAsync(null);
            return;
        }

        conversation.Protocol.Interrupt(conversation.Steps);
        _watches.Add(WatchAsync(() => _phase == Phase.Working, _options.InterruptWithin, conversation, null));
    }

    // Runs beside the turn, which may itself wait for an agent that reads nothing.
    private async Task WatchAsync(Func<bool> isMeant, TimeSpan within, Conversation conversation, string? tooSlow)
    {
        try
        {
            await Task.Delay(within, _options.Time, _bounds.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (!isMeant())
            return;
        _tooSlow ??= tooSlow;
        await conversation.Process.StopAsync(_options.EndWithin, _options.Time);
    }
}
