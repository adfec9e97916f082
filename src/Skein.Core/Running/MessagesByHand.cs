using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>Messages that no turn makes: added and edited by a client. On the runner's mailbox only.</summary>
internal static class MessagesByHand
{
    public static async Task<Message> AddAsync(SessionRunner runner, IdSource ids, NewMessage message, Cause by)
    {
        if (runner.Memory.FindOutcome(by.Key) is { Message: { } done } && runner.Memory.Transcript.Find(done) is { } known)
            return known;

        Sessions.RequireIdle(Sessions.Usable(runner.Session));
        if (message.Parts.Count == 0)
            throw new InvalidRequestException("A message needs at least one part.");
        var id = ids.Next<MessageId>();
        await runner.AppendAsync([new MessageAdded(id, message.Role, MessageStatus.Completed, runner.Session.Messages + 1, Named(ids, message.Parts))], by);
        return runner.Memory.Transcript.Find(id)!;
    }

    public static async Task<Message> EditAsync(SessionRunner runner, IdSource ids, MessageId message, MessageChange change, Cause by)
    {
        Sessions.RequireIdle(Sessions.Usable(runner.Session));
        if (runner.Memory.Transcript.Find(message) is not { } old)
            throw new NotInSessionException(runner.Session.Id, $"message {message}");
        if (runner.Memory.FindOutcome(by.Key) is not null)
            return old;
        if (change.Parts.Count == 0)
            throw new InvalidRequestException("A message needs at least one part.");
        await runner.AppendAsync([new MessageEdited(message, Named(ids, change.Parts))], by);
        return runner.Memory.Transcript.Find(message)!;
    }

    private static IReadOnlyList<MessagePart> Named(IdSource ids, IReadOnlyList<Part> parts) => [.. parts.Select(p => new MessagePart(ids.Next<PartId>(), p))];
}
