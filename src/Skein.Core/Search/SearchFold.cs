using Skein.Core.Events;

namespace Skein.Core.Search;

/// <summary>
/// The hits in one session: a fold of its events, oldest first. It keeps no more than the newest hits that were asked for, what the last
/// turn has begun, and the text that is still arriving. Not safe for use by several threads.
/// </summary>
/// <remarks>
/// A store need not hand in what it knows to be of no use: of events without a match, only those that <see cref="Apply"/> names a reason
/// for, and <see cref="Begin"/> will do for a message.
/// </remarks>
/// <param name="session">As whose the hits are told.</param>
/// <param name="edited">The messages that have been edited.</param>
/// <param name="findInBlob">Looks for a match in content that is kept as a blob.</param>
internal sealed class SearchFold(
    TextMatcher matcher, SearchQuery query, Session session, IReadOnlySet<MessageId> edited, Func<BlobRef, Snippet?> findInBlob)
{
    private readonly HashSet<MessageId> _waiting = [.. session.Queue.Select(q => q.Message), .. session.Steered.Select(s => s.Message)];
    private readonly Dictionary<MessageId, Beginning> _ofTurn = [];
    private readonly Dictionary<MessageId, Beginning> _ofEdited = [];
    private readonly Dictionary<MessageId, long> _edits = [];
    private readonly Stack<SessionRewound> _rewinds = new();
    private readonly Stack<long> _rewoundAt = new();
    private readonly Dictionary<PartId, Arriving> _arriving = [];
    private readonly Queue<Found> _found = new();

    /// <summary>A message began. Later parts and edits of it do not say whose it is, nor where it began, which decides whether a rewind hides it.</summary>
    /// <param name="isWhole">No parts will follow.</param>
    public void Begin(MessageId message, long seq, Role role, bool isWhole)
    {
        if (!isWhole)
            _ofTurn[message] = new Beginning(seq, role);
        if (edited.Contains(message))
            _ofEdited[message] = new Beginning(seq, role);
    }

    /// <summary>A turn began: nothing follows of the messages of the turn before.</summary>
    public void BeginTurn() => _ofTurn.Clear();

    public void Apply(SessionEvent e)
    {
        switch (e.Body)
        {
            case MessageAdded added:
                Begin(added.Message, e.Seq, added.Role, added.Status == MessageStatus.Completed);
                Look(e, added.Message, added.Parts, new Beginning(e.Seq, added.Role));
                break;
            case PartAdded added:
                _arriving.Remove(added.Part);
                Look(e, added.Message, added.Part, added.Content, BeginningOf(added.Message, e));
                break;

            // What the message was before is hidden.
            case MessageEdited change:
                _edits[change.Message] = e.Seq;
                Look(e, change.Message, change.Parts, BeginningOf(change.Message, e));
                break;

            // A prompt that has had its turn stands in a message.
            case PromptQueued prompt when _waiting.Contains(prompt.Message):
                Look(e, prompt.Message, prompt.Parts, new Beginning(e.Seq, Role.User));
                break;
            case PromptSteered prompt when _waiting.Contains(prompt.Message):
                Look(e, prompt.Message, prompt.Parts, new Beginning(e.Seq, Role.User));
                break;

            // Text that is whole stands in its part; a checkpoint counts as long as there is none.
            case PartStreamed more:
                _arriving[more.Part] = Arriving.With(_arriving.GetValueOrDefault(more.Part), more, e);
                break;
            case PartDropped dropped:
                _arriving.Remove(dropped.Part);
                break;

            // Hides messages that were handed in before.
            case SessionRewound rewound:
                _rewinds.Push(rewound);
                _rewoundAt.Push(e.Seq);
                break;
            case SessionUnrewound when _rewinds.TryPop(out _):
                _rewoundAt.Pop();
                break;

            // Keeps the memory small.
            case TurnStarted:
                BeginTurn();
                break;
        }
    }

    /// <summary>The newest hits, newest first.</summary>
    public IReadOnlyList<SearchHit> Finish()
    {
        foreach (var (part, arriving) in _arriving)
            Look(arriving.Last, arriving.Message, part, arriving.Content, BeginningOf(arriving.Message, arriving.Last));
        return [.. _found.Select(f => f.Hit with { Hidden = IsHidden(f) }).OrderByDescending(h => h.Seq)];
    }

    // The message of a part is known unless its own event is lost.
    private Beginning BeginningOf(MessageId message, SessionEvent e) =>
        _ofTurn.TryGetValue(message, out var begun) || _ofEdited.TryGetValue(message, out begun) ? begun : new Beginning(e.Seq, Role.Assistant);

    private void Look(SessionEvent e, MessageId message, IReadOnlyList<MessagePart> parts, Beginning begun)
    {
        foreach (var part in parts)
            Look(e, message, part.Id, part.Content, begun);
    }

    private void Look(SessionEvent e, MessageId message, PartId part, Part content, Beginning begun)
    {
        var role = content is ToolResultPart ? Role.Tool : begun.Role;
        if ((query.Role is { } asked && asked != role) || e.At < query.Since)
            return;

        if ((matcher.Find(content) ?? (PartTexts.BlobOf(content) is { } blob ? findInBlob(blob) : null)) is not { } snippet)
            return;

        _found.Enqueue(new Found(
            new SearchHit(session.Id, session.Title, e.Seq, e.At, message, part, PartTexts.KindOf(content), role, snippet), begun.Seq));
        if (_found.Count > query.Limit)
            _found.Dequeue();
    }

    private bool IsHidden(Found found)
    {
        if (_edits.TryGetValue(found.Hit.Message, out var edit) && found.Hit.Seq < edit)
            return true;

        foreach (var (rewound, at) in _rewinds.Zip(_rewoundAt))
        {
            if (rewound.Keep < found.MessageSeq && found.MessageSeq < at)
                return true;
        }

        return false;
    }

    private readonly record struct Beginning(long Seq, Role Role);

    private readonly record struct Found(SearchHit Hit, long MessageSeq);

    /// <summary>A part as far as its checkpoints go.</summary>
    private sealed record Arriving(MessageId Message, StreamKind Kind, string Text, SessionEvent Last)
    {
        public Part Content => Kind == StreamKind.Reasoning ? new ReasoningPart(Text) : new TextPart(Text);

        // Checkpoints carry offsets, so that one that is read twice changes nothing.
        public static Arriving With(Arriving? known, PartStreamed more, SessionEvent e)
        {
            var text = known?.Text ?? "";
            return new Arriving(more.Message, more.Kind, more.Offset <= text.Length ? string.Concat(text.AsSpan(0, more.Offset), more.Text) : text + more.Text, e);
        }
    }
}
