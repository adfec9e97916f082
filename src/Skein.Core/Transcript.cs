using Skein.Core.Events;

namespace Skein.Core;

/// <summary>
/// The messages of a session: the fold of its log, or of a stretch of it. Not safe for use by several threads; the messages it hands out
/// are immutable.
/// </summary>
public sealed class Transcript
{
    private readonly List<Message> _messages = [];
    private readonly Dictionary<MessageId, int> _places = [];
    private readonly Stack<IReadOnlyList<Message>> _rewound = new();

    /// <summary>The visible messages, oldest first.</summary>
    public IReadOnlyList<Message> Messages => _messages;

    public Message? Find(MessageId message) => _places.TryGetValue(message, out var place) ? _messages[place] : null;

    /// <summary>Folds one more event. Events about messages that are not here are ignored: a page may begin after them.</summary>
    public void Apply(SessionEvent e)
    {
        switch (e.Body)
        {
            case MessageAdded added:
                _rewound.Clear();
                Add(new Message(added.Message, e.Seq, added.Role, added.Status, added.Parts, e.At, e.At, added.Turn, added.Model));
                break;
            case MessageEdited edited:
                Change(edited.Message, e, m => m with { Parts = edited.Parts });
                break;
            case PartAdded part:
                Change(part.Message, e, m => Streaming(m) with { Parts = With(m.Parts, new MessagePart(part.Part, part.Content)) });
                break;
            case PartDropped dropped:
                Change(dropped.Message, e, m => m with { Parts = [.. m.Parts.Where(p => p.Id != dropped.Part)] });
                break;
            case PartStreamed streamed:
                Change(streamed.Message, e, m => Streaming(m) with { Parts = Extend(m.Parts, streamed) });
                break;
            case MessageCompleted completed:
                Change(completed.Message, e, m => m with
                {
                    Status = completed.Stop is StopReason.Interrupted or StopReason.Failed ? MessageStatus.Error : MessageStatus.Completed,
                    Stop = completed.Stop,
                    Usage = completed.Usage,
                    Cost = completed.Cost,
                });
                break;
            case ContextPruned pruned:
                foreach (var message in pruned.Messages)
                    Change(message, e, m => m with { PrunedAt = e.Seq });
                break;
            case SessionRewound rewound:
                Hide(rewound.Keep);
                break;
            case SessionUnrewound when _rewound.TryPop(out var hidden):
                foreach (var message in hidden)
                    Add(message);
                break;
            case SessionForked:
                _rewound.Clear();
                break;
        }
    }

    private static Message Streaming(Message message) =>
        message.Status == MessageStatus.Pending ? message with { Status = MessageStatus.Streaming } : message;

    private static IReadOnlyList<MessagePart> With(IReadOnlyList<MessagePart> parts, MessagePart part) =>
        parts.Any(p => p.Id == part.Id) ? [.. parts.Select(p => p.Id == part.Id ? part : p)] : [.. parts, part];

    // Checkpoints carry offsets, so that one that is read twice changes nothing.
    private static IReadOnlyList<MessagePart> Extend(IReadOnlyList<MessagePart> parts, PartStreamed more)
    {
        var known = parts.FirstOrDefault(p => p.Id == more.Part);
        if (known is { Streaming: false })
            return parts;

        var text = known?.Content switch
        {
            TextPart t => t.Text,
            ReasoningPart r => r.Text,
            _ => "",
        };
        var whole = more.Offset <= text.Length ? string.Concat(text.AsSpan(0, more.Offset), more.Text) : text + more.Text;
        Part content = more.Kind == StreamKind.Reasoning ? new ReasoningPart(whole) : new TextPart(whole);
        return With(parts, new MessagePart(more.Part, content, Streaming: true));
    }

    private void Add(Message message)
    {
        _places[message.Id] = _messages.Count;
        _messages.Add(message);
    }

    private void Change(MessageId id, SessionEvent e, Func<Message, Message> change)
    {
        if (_places.TryGetValue(id, out var place))
            _messages[place] = change(_messages[place]) with { UpdatedAt = e.At };
    }

    private void Hide(long keep)
    {
        var first = _messages.FindLastIndex(m => m.Seq <= keep) + 1;
        var hidden = _messages.GetRange(first, _messages.Count - first);
        _messages.RemoveRange(first, hidden.Count);
        foreach (var message in hidden)
            _places.Remove(message.Id);
        _rewound.Push(hidden);
    }
}
