using System.Text.Json;

namespace Skein.Adapters.Driving;

/// <summary>A started agent, what speaks with it, and what is still to be done.</summary>
internal sealed class Conversation(AgentProcess process, IAgentProtocol protocol) : IAsyncDisposable
{
    private Task<JsonElement>? _receiving;

    public AgentProcess Process => process;
    public IAgentProtocol Protocol => protocol;
    public AgentSteps Steps { get; } = new();

    /// <summary>The agent's own id of its session, once that is open.</summary>
    public string? AgentSession { get; set; }

    /// <summary>The next frame. One that arrives after its turn has ended is the first of the next turn.</summary>
    public Task<JsonElement> Receiving => _receiving ??= process.ReceiveAsync(CancellationToken.None);

    /// <summary>Takes the frame that has arrived.</summary>
    /// <exception cref="AgentFailedException">It was none, or the agent ended.</exception>
    public async Task<JsonElement> TakeAsync()
    {
        var received = Receiving;
        var frame = await received;
        _receiving = null;
        return frame;
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        if (_receiving is not null)
            await Task.WhenAny(_receiving); // It ends with the process; what it failed with no longer matters.
    }
}
