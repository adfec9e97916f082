using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>Messages that no turn makes: added and edited by a client. On the runner's mailbox only.</summary>
internal static class MessagesByHand
{
    public static async Task<Message> AddAsync(SessionRunner runner, NewMessage message, Cause by, CancellationToken cancellationToken)
    {
        if (await runner.Memory.FindOutcomeAsync(by.Key, cancellationToken) is { Message: { } done } && await runner.Memory.FindAsync(done, cancellationToken) is { } known)
            return known;

        Sessions.RequireIdle(Sessions.Usable(runner.Session));
        if (message.Parts.Count == 0)
            throw new InvalidRequestException("A message needs at least one part.");
        var id = runner.Ids.Next<MessageId>();
        var added = await runner.AppendAsync([new MessageAdded(id, message.Role, MessageStatus.Completed, runner.Session.Messages + 1, await NamedAsync(runner, message.Parts, cancellationToken))], by);
        var alone = new Transcript();
        alone.Apply(added[0]);
        return alone.Messages[0];
    }

    public static async Task<Message> EditAsync(SessionRunner runner, MessageId message, MessageChange change, Cause by, CancellationToken cancellationToken)
    {
        Sessions.RequireIdle(Sessions.Usable(runner.Session));
        var old = await GetAsync(runner, message, cancellationToken);
        if (await runner.Memory.FindOutcomeAsync(by.Key, cancellationToken) is not null)
            return old;
        if (change.Parts.Count == 0)
            throw new InvalidRequestException("A message needs at least one part.");
        await runner.AppendAsync([new MessageEdited(message, await NamedAsync(runner, change.Parts, cancellationToken))], by);
        return await GetAsync(runner, message, CancellationToken.None);
    }

    private static async Task<Message> GetAsync(SessionRunner runner, MessageId message, CancellationToken cancellationToken) =>
        await runner.Memory.FindAsync(message, cancellationToken) ?? throw new NotInSessionException(runner.Session.Id, $"message {message}");

    private static async Task<IReadOnlyList<MessagePart>> NamedAsync(SessionRunner runner, IReadOnlyList<Part> parts, CancellationToken cancellationToken)
    {
        var named = new List<MessagePart>();
        foreach (var part in parts)
            named.Add(new MessagePart(runner.Ids.Next<PartId>(), await LargeOutputs.KeepAsync(runner.Parts, part, cancellationToken)));
        return named;
    }
}
