using Skein.Core.Events;

namespace Skein.Core.Spending;

/// <summary>Finds the calls of models in one session's own events. Messages that a rewind hides were paid for all the same.</summary>
internal sealed class SpendingFold(string agent)
{
    private readonly Dictionary<MessageId, string?> _open = [];
    private string _agent = agent;

    public PaidCall? Add(SessionEvent e)
    {
        switch (e.Body)
        {
            case TurnStarted started:
                _agent = started.Agent;
                return null;
            case MessageAdded { Role: Role.Assistant or Role.System } added:
                _open[added.Message] = added.Model;
                return null;
            case MessageCompleted completed when completed.Usage is not null || completed.Cost is not null:
                _open.Remove(completed.Message, out var model);
                return new PaidCall(e.At, _agent, model, completed.Usage, completed.Cost);
            case ModelCalled called when called.Usage is not null || called.Cost is not null:
                return new PaidCall(e.At, _agent, called.Model, called.Usage, called.Cost);
            default:
                return null;
        }
    }
}
