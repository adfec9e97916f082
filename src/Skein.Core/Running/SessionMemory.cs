using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>All that a runner remembers of its session: folds of the log, brought up to date with every append.</summary>
internal sealed class SessionMemory
{
    private readonly Dictionary<string, KeyOutcome> _keys = [];
    private readonly Dictionary<PermissionId, string> _asked = [];
    private readonly Dictionary<string, PermissionAnswered> _answers = [];
    private readonly HashSet<string> _startedCalls = [];
    private Session? _session;

    public Session Session => _session ?? throw new InvalidOperationException("No event has been folded.");

    public Transcript Transcript { get; } = new();

    /// <summary>How the open turn began.</summary>
    public TurnStarted? Turn { get; private set; }

    /// <summary>Turns that came to their end.</summary>
    public int CompletedTurns { get; private set; }

    /// <summary>Calls of the open turn that a tool has begun to carry out.</summary>
    public IReadOnlySet<string> StartedCalls => _startedCalls;

    public void Apply(SessionEvent e)
    {
        // A fork reads its origin's events first: they make its messages, all else begins anew.
        if (e.Body is SessionForked)
            Forget();
        Transcript.Apply(e);
        _session = _session.Apply(e);
        if (e.By?.Key is { } key)
            Remember(key, e);
        Track(e.Body);
    }

    public void ApplyAll(IEnumerable<SessionEvent> events)
    {
        foreach (var e in events)
            Apply(e);
    }

    /// <summary>What the request with this key led to; null when there was none.</summary>
    public KeyOutcome? FindOutcome(string? key) => key is not null && _keys.TryGetValue(key, out var outcome) ? outcome : null;

    /// <summary>How a call of the open turn was answered; null when it was not.</summary>
    public PermissionAnswered? FindAnswer(string callId) => _answers.GetValueOrDefault(callId);

    private void Forget()
    {
        _session = null;
        CompletedTurns = 0;
        _keys.Clear();
        EndTurn();
    }

    private void EndTurn()
    {
        Turn = null;
        _asked.Clear();
        _answers.Clear();
        _startedCalls.Clear();
    }

    private void Remember(string key, SessionEvent e)
    {
        var outcome = _keys.GetValueOrDefault(key) ?? new KeyOutcome(e.Seq);
        _keys[key] = e.Body switch
        {
            TurnStarted started => outcome with { Seq = e.Seq, Turn = started.Turn },
            PromptQueued queued => outcome with { Seq = e.Seq, Turn = queued.Turn },
            PromptSteered steered => outcome with { Seq = e.Seq, Turn = steered.Turn },
            MessageAdded added => outcome with { Message = added.Message },
            MessageEdited edited => outcome with { Message = edited.Message },
            _ => outcome,
        };
    }

    private void Track(EventBody body)
    {
        switch (body)
        {
            case TurnStarted started:
                Turn = started;
                break;
            case TurnCompleted or TurnFailed or TurnInterrupted:
                CompletedTurns += body is TurnCompleted ? 1 : 0;
                EndTurn();
                break;
            case ToolStarted started:
                _startedCalls.Add(started.CallId);
                break;
            case PermissionAsked asked:
                _asked[asked.Permission] = asked.CallId;
                break;
            case PermissionAnswered answered when _asked.TryGetValue(answered.Permission, out var call):
                _answers[call] = answered;
                break;
        }
    }
}

/// <summary>What a request with an Idempotency-Key led to.</summary>
internal sealed record KeyOutcome(long Seq, TurnId? Turn = null, MessageId? Message = null);
