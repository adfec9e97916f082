using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>How far a rewind goes back.</summary>
internal static class Rewinding
{
    /// <param name="message">The last one to stay; null: those before the last turn stay.</param>
    /// <returns>What is to be appended: nothing where all stay.</returns>
    /// <exception cref="NotInSessionException">There is no such message.</exception>
    /// <exception cref="ConflictException">There is no message at all.</exception>
    public static List<EventBody> Of(SessionId session, IReadOnlyList<Message> messages, MessageId? message)
    {
        var left = CountKept(session, messages, message);
        return left == messages.Count ? [] : [new SessionRewound(left == 0 ? 0 : messages[left - 1].Seq, left == 0 ? null : messages[left - 1].Id, left)];
    }

    private static int CountKept(SessionId session, IReadOnlyList<Message> messages, MessageId? message) =>
        message is { } last ? UpTo(session, messages, last) : BeforeLastTurn(session, messages);

    private static int UpTo(SessionId session, IReadOnlyList<Message> messages, MessageId message)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i].Id == message)
                return i + 1;
        }

        throw new NotInSessionException(session, $"message {message}");
    }

    // A message that was appended without a turn counts as one.
    private static int BeforeLastTurn(SessionId session, IReadOnlyList<Message> messages)
    {
        if (messages is not [.., var last])
            throw new ConflictException($"Session {session} has no message to rewind.");

        var left = messages.Count - 1;
        while (left > 0 && last.Turn is not null && messages[left - 1].Turn == last.Turn)
            left--;
        return left;
    }
}
