using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Core;

/// <summary>A log written by hand, for the folds.</summary>
internal sealed class Log
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);
    private readonly IdSource _ids = new(TimeProvider.System);
    private readonly List<SessionEvent> _events = [];

    public Log() => Add(new SessionCreated("/w", "skein", "openai/any", PermissionMode.Ask, null, "lake"));

    public SessionId Id { get; } = SessionId.Parse("ses_01kah3q6x9v3m8zr5t0w2y4b6c");

    public IReadOnlyList<SessionEvent> Events => _events;

    public Session Session => Fold(_events);

    public IReadOnlyList<Message> Messages => Read(_events);

    public static Session Fold(IEnumerable<SessionEvent> events) => events.Aggregate((Session?)null, (session, e) => session.Apply(e))!;

    public static IReadOnlyList<Message> Read(IEnumerable<SessionEvent> events)
    {
        var transcript = new Transcript();
        foreach (var e in events)
            transcript.Apply(e);
        return transcript.Messages;
    }

    public T Next<T>() where T : struct, ITypedId<T> => _ids.Next<T>();

    public MessagePart Text(string text) => new(Next<PartId>(), new TextPart(text));

    public SessionEvent Add(EventBody body)
    {
        var e = new SessionEvent(Id, _events.Count + 1, s_start.AddSeconds(_events.Count), body);
        _events.Add(e);
        return e;
    }

    /// <summary>A turn begins with a prompt.</summary>
    public (TurnId Turn, MessageId Message) Prompt(string text)
    {
        var turn = Next<TurnId>();
        Add(new TurnStarted(turn, "skein", "openai/any", PermissionMode.Ask));
        return (turn, Say(Role.User, text, turn));
    }

    /// <summary>A message that is whole.</summary>
    public MessageId Say(Role role, string text, TurnId? turn = null)
    {
        var message = Next<MessageId>();
        Add(new MessageAdded(message, role, MessageStatus.Completed, Session.Messages + 1, [Text(text)], turn));
        return message;
    }

    /// <summary>A message that the model has begun.</summary>
    public MessageId Begin(TurnId turn)
    {
        var message = Next<MessageId>();
        Add(new MessageAdded(message, Role.Assistant, MessageStatus.Pending, Session.Messages + 1, [], turn, "openai/any"));
        return message;
    }

    /// <summary>Keeps the messages up to this one; null keeps none.</summary>
    public void Rewind(MessageId? keep)
    {
        var messages = Messages;
        var left = keep is null ? 0 : messages.ToList().FindIndex(m => m.Id == keep) + 1;
        Add(new SessionRewound(left == 0 ? 0 : messages[left - 1].Seq, keep, left));
    }

    public void Unrewind() => Add(new SessionUnrewound(Session.Rewinds[^1].MessagesBefore));
}
