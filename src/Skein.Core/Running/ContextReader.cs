using System.Runtime.InteropServices;
using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>
/// Reads what an agent is handed of a session, from its end: what came after the newest summary and what that one keeps, and the
/// summaries before it. A session of weeks costs no more than what is new in it.
/// </summary>
internal sealed class ContextReader
{
    /// <summary>Characters of a conversation that nobody summarised, some million tokens: as much as the context of a model holds. What is older is left out.</summary>
    public const long Most = 4 << 20;

    private readonly List<SessionEvent> _events = [];
    private readonly List<SessionEvent> _pending = [];
    private readonly TurnId? _open;
    private readonly long _newest;
    private bool _openBegun;
    private TurnId? _summaryTurn;
    private bool _summaryTurnBegun;
    private int? _kept;
    private long _size;

    private ContextReader(Session session, long newest)
    {
        (_open, _openBegun, _newest) = (session.Turn, session.Turn is null, newest);
    }

    /// <returns>Events that <see cref="Transcript"/> makes the messages of, oldest first; of an open turn all are there.</returns>
    public static async Task<IReadOnlyList<SessionEvent>> ReadAsync(ISessionStore store, Session session, CancellationToken cancellationToken)
    {
        var summaries = session.Summaries.Where(s => !session.Hides(s)).ToList();
        var reader = new ContextReader(session, summaries is [.., var newest] ? newest : 0);
        await foreach (var e in VisibleEvents.BackAsync(store, session.Id, long.MaxValue, cancellationToken))
        {
            if (!reader.Take(e))
                break;
        }

        var read = reader._events.Select(e => e.Seq).ToHashSet();
        foreach (var earlier in summaries.Where(s => !read.Contains(s)))
            reader._events.Add(await MessagePages.EventAsync(store, session.Id, earlier, cancellationToken));
        return [.. reader._events.OrderBy(e => e.Seq)];
    }

    /// <summary>How many characters a model may be sent of it. What also came piece by piece counts twice.</summary>
    public static long SizeOf(EventBody body) => body switch
    {
        MessageAdded added => SizeOf(added.Parts),
        MessageEdited edited => SizeOf(edited.Parts),
        PartAdded added => SizeOf(added.Content),
        PartStreamed streamed => streamed.Text.Length,
        _ => 0,
    };

    /// <returns>Whether what is before it is needed as well.</returns>
    private bool Take(SessionEvent e)
    {
        if (e.Body is TurnStarted started)
        {
            _openBegun |= started.Turn == _open;
            _summaryTurnBegun |= started.Turn == _summaryTurn;
        }

        if (_kept is 0 && _openBegun)
            return !_summaryTurnBegun && TakeRestated(e);

        _events.Add(e);
        _size += SizeOf(e.Body);
        if (e.Body is MessageAdded added)
            Count(e.Seq, added);
        return _kept is null ? !_openBegun || _size <= Most || !IsBeginning(e.Body) : _kept > 0 || !_openBegun || !_summaryTurnBegun;
    }

    private void Count(long seq, MessageAdded added)
    {
        if (seq == _newest && added.Parts is [{ Content: SummaryPart summary }])
            (_kept, _summaryTurn, _summaryTurnBegun) = (summary.Kept, added.Turn, added.Turn is null);
        else if (_kept > 0 && added.Parts is not [{ Content: SummaryPart }])
            _kept--;
    }

    // The prompts of the turn in which it was summarised stay word for word, so they are needed though the summary covers them.
    private bool TakeRestated(SessionEvent e)
    {
        if (e.Body is not MessageAdded added)
        {
            _pending.Add(e);
            return true;
        }

        if (added.Turn == _summaryTurn && added.Role == Role.User)
            _events.AddRange([.. _pending, e]);
        _pending.Clear();
        return added.Turn == _summaryTurn;
    }

    private bool IsBeginning(EventBody body) => body is TurnStarted || (body is MessageAdded { Role: Role.User } added && (added.Turn is null || added.Turn != _open));

    private static long SizeOf(IEnumerable<MessagePart> parts) => parts.Sum(p => SizeOf(p.Content));

    private static long SizeOf(Part part) => part switch
    {
        TextPart text => text.Text.Length,
        ReasoningPart reasoning => reasoning.Text.Length,
        SummaryPart summary => summary.Text.Length,
        ToolResultPart result => result.Output.Length,
        ToolCallPart call => JsonMarshal.GetRawUtf8Value(call.Arguments).Length,
        _ => 0,
    };
}
