using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>
/// Has a session named after the first turn that came to its end, beside whatever comes next. A title that somebody gives meanwhile stays;
/// what goes wrong is logged, and the title is as it was.
/// </summary>
internal sealed class Titling(SessionRunner runner, RunnerParts parts) : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private Task _making = Task.CompletedTask;

    /// <summary>On the runner's mailbox only.</summary>
    /// <param name="turn">It came to its end.</param>
    public void TurnCompleted(TurnId turn)
    {
        var session = runner.Session;
        if (IsWanted(session) && _making.IsCompleted && IsFirst(turn)
            && parts.Agents.TryFind(session.Agent, out var kind) && kind.MakeTitle is { } make)
        {
            IReadOnlyList<Message> messages = [.. runner.Memory.Messages];
            _making = Task.Run(() => MakeAsync(make, session, messages));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _making;
        _ending.Dispose();
    }

    private bool IsFirst(TurnId turn) => !runner.Memory.Messages.Any(m => m.Role == Role.Assistant && m.Stop == StopReason.End && m.Turn != turn);

    // Sub-agents' sessions are named by who began them, imported ones as they were.
    private static bool IsWanted(Session session) => session is { TitleSource: TitleSource.Prompt, Parent: null, Imported: null, TrashedAt: null };

    private async Task MakeAsync(TitleMaker make, Session session, IReadOnlyList<Message> messages)
    {
        try
        {
            if (await make(session, messages, _ending.Token) is { } made)
                await runner.WhileItLastsAsync(() => AppendAsync(made));
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The session is put down, and keeps the title it has.
        }
        catch (Exception e)
        {
            parts.Logger.NotTitled(session.Id, e);
        }
    }

    private Task AppendAsync(MadeTitle made)
    {
        if (runner.HasFailed)
            return Task.CompletedTask;

        List<EventBody> bodies = [new ModelCalled("title", made.Model, made.Usage, made.Cost)];
        if (made.Title is { } title && IsWanted(runner.Session))
            bodies.Add(new SessionTitled(title, TitleSource.Model));
        return runner.AppendAsync(bodies, new Cause("skein"));
    }
}
