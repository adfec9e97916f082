using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>The calls of the running turn that wait for an answer. Used on the runner's mailbox only.</summary>
internal sealed class PermissionDesk
{
    private readonly Dictionary<PermissionId, TaskCompletionSource<PermissionAnswered>> _waiting = [];

    /// <summary>Waits for the answer to a question that is open.</summary>
    public Task<PermissionAnswered> Wait(PermissionId permission)
    {
        var waiter = new TaskCompletionSource<PermissionAnswered>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[permission] = waiter;
        return waiter.Task;
    }

    /// <returns>False: no call waits for it here.</returns>
    public bool Answer(PermissionAnswered answer)
    {
        if (!_waiting.Remove(answer.Permission, out var waiter))
            return false;
        waiter.SetResult(answer);
        return true;
    }

    /// <summary>The turn has ended; whoever still waits was cancelled with it.</summary>
    public void Clear() => _waiting.Clear();
}
