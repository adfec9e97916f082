using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>
/// What must be appended so that nothing of a turn stays open: text that was arriving, calls without a result, messages that were never
/// completed, questions nobody answered. One rule for an interrupt, a failure, a crash and a fork in the middle of a turn.
/// </summary>
internal sealed class Closing(IdSource ids)
{
    private readonly List<EventBody> _bodies = [];
    private readonly List<Repair> _repairs = [];

    public IReadOnlyList<EventBody> Bodies => _bodies;

    /// <summary>The same, told to people.</summary>
    public IReadOnlyList<Repair> Repairs => _repairs;

    /// <summary>Closes what a crash, an interrupt or a failure left of the messages.</summary>
    /// <param name="soFar">Parts that were arriving, beyond their last checkpoint.</param>
    /// <param name="why">What a call's result says to the model.</param>
    public Closing Messages(IReadOnlyList<Message> messages, IReadOnlyList<PartAdded> soFar, StopReason stop, string why)
    {
        // Only the last messages can be open: a message has all its parts before the next one begins.
        foreach (var message in messages.Reverse().TakeWhile(m => m.Role == Role.Assistant).Reverse())
        {
            Parts(message, soFar);
            Calls(message, why);
            if (message.Status is MessageStatus.Completed or MessageStatus.Error)
                continue;

            _bodies.Add(new MessageCompleted(message.Id, stop));
            _repairs.Add(new Repair("message", $"Message {message.Id} was still arriving and was closed with what there was."));
        }

        return this;
    }

    /// <summary>Answers some calls of the last message, and only those; the others may still be done.</summary>
    public Closing Calls(IReadOnlyList<Message> messages, IReadOnlySet<string> calls, string why)
    {
        if (messages is [.., { Role: Role.Assistant } last])
        {
            foreach (var call in last.UnansweredCalls.Where(c => calls.Contains(c.CallId)))
                Answer(last, call, why);
        }

        return this;
    }

    public Closing Questions(IReadOnlyList<PermissionAsked> questions)
    {
        foreach (var question in questions)
        {
            _bodies.Add(new PermissionAnswered(question.Permission, PermissionAnswer.No, Expired: true));
            _repairs.Add(new Repair("question", $"Question {question.Permission} ({question.Title}) expired."));
        }

        return this;
    }

    private void Parts(Message message, IReadOnlyList<PartAdded> soFar)
    {
        var live = soFar.Where(p => p.Message == message.Id).ToList();
        _bodies.AddRange(live);
        _bodies.AddRange(message.Parts
            .Where(p => p.Streaming && !live.Exists(l => l.Part == p.Id))
            .Select(p => new PartAdded(message.Id, p.Id, p.Content)));
    }

    private void Calls(Message message, string why)
    {
        foreach (var call in message.UnansweredCalls)
            Answer(message, call, why);
    }

    private void Answer(Message message, ToolCallPart call, string why)
    {
        _bodies.Add(new PartAdded(message.Id, ids.Next<PartId>(), new ToolResultPart(call.CallId, why, IsError: true)));
        _repairs.Add(new Repair("call", $"Call {call.CallId} of {call.Tool} had no result and was given an error."));
    }
}
