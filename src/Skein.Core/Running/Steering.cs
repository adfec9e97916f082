using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>What an agent is told in its running turn. On the runner's mailbox only.</summary>
internal static class Steering
{
    /// <param name="waited">It stands in the queue until now.</param>
    /// <exception cref="ConflictException">Its agent cannot be told more.</exception>
    public static async Task<PromptAccepted> SayAsync(SessionRunner runner, TurnId running, PromptQueued prompt, Cause by, bool waited = false)
    {
        if (prompt.Options is not null)
            throw new InvalidRequestException("A prompt that steers cannot change the running turn's agent, model, mode, system, tools, limits or effort.");
        if (!runner.Agent().CanSteer)
            throw new ConflictException($"The agent {runner.Session.Agent} cannot be steered: queue the prompt, or interrupt the turn.");

        var steered = new PromptSteered(running, waited ? runner.Ids.Next<MessageId>() : prompt.Message, prompt.Parts);
        var said = await runner.AppendAsync(waited ? [new PromptWithdrawn(prompt.Turn), steered] : [steered], by);
        runner.Turn?.Steer();
        return new PromptAccepted(running, said[^1].Seq);
    }

    /// <summary>What was said since the agent last looked, appended as messages.</summary>
    public static async Task<IReadOnlyList<Message>> TakeAsync(SessionRunner runner, TurnId turn)
    {
        var session = runner.Session;
        if (session.Steered.Count == 0)
            return [];
        var bodies = session.Steered
            .Select((p, i) => new MessageAdded(p.Message, Role.User, MessageStatus.Completed, session.Messages + 1 + i, p.Parts, turn))
            .ToList();
        await runner.AppendAsync(bodies, null);
        return [.. bodies.Select(b => runner.Memory.Find(b.Message)!)];
    }
}
