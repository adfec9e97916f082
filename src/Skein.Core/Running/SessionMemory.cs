using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>
/// What a runner remembers of its session: the session itself, its open turn, and the messages that an agent is handed, which are read
/// when the first turn needs them. All are brought up to date with every append. A long session takes no more than a short one.
/// </summary>
internal sealed class SessionMemory
{
    private readonly ISessionStore _store;
    private readonly Dictionary<PermissionId, string> _asked = [];
    private readonly Dictionary<string, PermissionAnswered> _answers = [];
    private readonly HashSet<string> _startedCalls = [];
    private readonly List<MessageId> _aside = [];
    private Transcript? _context;
    private long _contextSize;
    private bool _isOutdated;

    private SessionMemory(ISessionStore store, Session session) => (_store, Session) = (store, session);

    /// <exception cref="SessionNotFoundException"/>
    public static async Task<SessionMemory> OpenAsync(ISessionStore store, SessionId session, CancellationToken cancellationToken)
    {
        var memory = new SessionMemory(store, await store.FindAsync(session, cancellationToken) ?? throw new SessionNotFoundException(session));
        if (memory.Session.IsLive)
            await memory.LoadMessagesAsync(cancellationToken);
        return memory;
    }

    public Session Session { get; private set; }

    /// <summary>What an agent is handed (<see cref="ContextReader"/>), oldest first; of an open turn all are there. None before <see cref="LoadMessagesAsync"/>.</summary>
    public IReadOnlyList<Message> Messages => _context?.Messages ?? [];

    /// <summary>Those of <see cref="Messages"/> that came between turns since the agent last said something.</summary>
    public IReadOnlyList<Message> Aside => [.. _aside.Select(Find).OfType<Message>()];

    /// <summary>How the open turn began.</summary>
    public TurnStarted? Turn { get; private set; }

    /// <summary>Calls of the open turn that a tool has begun to carry out.</summary>
    public IReadOnlySet<string> StartedCalls => _startedCalls;

    /// <summary>Reads the messages, unless they are here.</summary>
    public async Task LoadMessagesAsync(CancellationToken cancellationToken)
    {
        if (_context is not null && !_isOutdated && _contextSize <= 2 * ContextReader.Most)
            return;

        var context = new Transcript();
        _aside.Clear();
        _contextSize = 0;
        foreach (var e in await ContextReader.ReadAsync(_store, Session, cancellationToken))
        {
            context.Apply(e);
            _contextSize += ContextReader.SizeOf(e.Body);
            Track(e.Body);
        }

        (_context, _isOutdated) = (context, false);
    }

    public void Apply(SessionEvent e)
    {
        Session = Session.Apply(e);
        Track(e.Body);
        if (e.Body is SessionRewound or SessionUnrewound)
            _context = null;
        _context?.Apply(e);
        _contextSize += ContextReader.SizeOf(e.Body);
        _isOutdated |= e.Body is MessageAdded { Parts: [{ Content: SummaryPart }] };
    }

    public void ApplyAll(IEnumerable<SessionEvent> events)
    {
        foreach (var e in events)
            Apply(e);
    }

    /// <summary>One of <see cref="Messages"/>.</summary>
    public Message? Find(MessageId message) => _context?.Find(message);

    /// <summary>Any visible message, read from the log; null: there is none of that id.</summary>
    public Task<Message?> FindAsync(MessageId message, CancellationToken cancellationToken) =>
        MessagePages.FindAsync(_store, Session, message, cancellationToken);

    /// <summary>What the request with this key led to; null when there was none.</summary>
    public async Task<KeyOutcome?> FindOutcomeAsync(string? key, CancellationToken cancellationToken)
    {
        if (key is null)
            return null;

        KeyOutcome? outcome = null;
        foreach (var e in await _store.FindAppendedAsync(Session.Id, key, cancellationToken))
            outcome = (outcome ?? new KeyOutcome(e.Seq)).After(e);
        return outcome;
    }

    /// <summary>How a call of the open turn was answered; null when it was not.</summary>
    public PermissionAnswered? FindAnswer(string callId) => _answers.GetValueOrDefault(callId);

    private void EndTurn()
    {
        Turn = null;
        _asked.Clear();
        _answers.Clear();
        _startedCalls.Clear();
    }

    private void Track(EventBody body)
    {
        switch (body)
        {
            case TurnStarted started:
                Turn = started;
                break;
            case TurnCompleted or TurnFailed or TurnInterrupted:
                EndTurn();
                break;
            case MessageAdded added when added.Turn is null || (added.Role == Role.User && added.Turn != Turn?.Turn):
                _aside.Add(added.Message);
                break;
            // A turn that compacted was told nothing.
            case MessageAdded { Role: Role.Assistant } when Turn?.Compact is null:
                _aside.Clear();
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
internal sealed record KeyOutcome(long Seq, TurnId? Turn = null, MessageId? Message = null)
{
    /// <summary>With one more of the events that it appended.</summary>
    public KeyOutcome After(SessionEvent e) => e.Body switch
    {
        TurnStarted started => this with { Seq = e.Seq, Turn = started.Turn },
        PromptQueued queued => this with { Seq = e.Seq, Turn = queued.Turn },
        PromptSteered steered => this with { Seq = e.Seq, Turn = steered.Turn },
        MessageAdded added => this with { Message = added.Message },
        MessageEdited edited => this with { Message = edited.Message },
        _ => this,
    };
}
