using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>Makes the first events of a session out of messages that were said elsewhere. They come from a file that anybody may have written.</summary>
internal static class Importing
{
    private const string Unfinished = "This call had no result when its session was exported.";

    /// <summary>The same messages in the same order, under ids of this store; what was still arriving is closed.</summary>
    public static async Task<IReadOnlyList<EventBody>> BodiesAsync(
        SessionCreated created, ImportRequest request, RunnerParts parts, CancellationToken cancellationToken)
    {
        var ids = parts.Ids;
        List<EventBody> bodies = [created];
        if (request.Title is not null && request.TitleSource != TitleSource.Manual)
            bodies.Add(new SessionTitled(request.Title, request.TitleSource));

        var turns = new Dictionary<TurnId, TurnId>();
        var added = new List<Message>();
        foreach (var message in request.Messages)
        {
            TurnId? turn = message.Turn is { } known ? turns.TryGetValue(known, out var made) ? made : turns[known] = ids.Next<TurnId>() : null;
            var kept = new List<MessagePart>();
            foreach (var part in message.Parts)
                kept.Add(new MessagePart(ids.Next<PartId>(), await LargeOutputs.KeepAsync(parts, part.Content, cancellationToken)));
            var mine = message with
            {
                Id = ids.Next<MessageId>(),
                Turn = turn,
                // What had not arrived will never arrive.
                Stop = message.Stop ?? (message.Status == MessageStatus.Completed ? null : StopReason.Interrupted),
                Status = message.Status == MessageStatus.Completed ? MessageStatus.Completed : MessageStatus.Error,
                Parts = kept,
            };
            bodies.Add(new MessageAdded(
                mine.Id, mine.Role, mine.Stop is null ? MessageStatus.Completed : MessageStatus.Pending, added.Count + 1, mine.Parts, turn, mine.Model));
            if (mine.Stop is { } stop)
                bodies.Add(new MessageCompleted(mine.Id, stop, mine.Usage, mine.Cost));
            added.Add(mine);
        }

        bodies.AddRange(new Closing(ids).Messages(added, [], StopReason.Interrupted, Unfinished).Bodies);
        if (request.AgentSession is { } own && request.Agent == created.Agent)
            bodies.Add(new AgentLinked(created.Agent, own));
        return bodies;
    }
}
