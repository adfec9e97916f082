using Microsoft.Extensions.Logging;

namespace Skein.Server;

/// <summary>Somebody asked the server to stop. Whoever started it sees to that.</summary>
internal sealed class StopRequest(ILogger<StopRequest> logger)
{
    private readonly TaskCompletionSource _made = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Made => _made.Task;

    public void Make()
    {
        if (_made.TrySetResult())
            logger.StopAsked();
    }
}
