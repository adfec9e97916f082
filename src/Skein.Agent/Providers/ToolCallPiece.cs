using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>
/// More of the arguments of a call that the model is still writing, for those who watch. The call itself follows as a
/// <see cref="FunctionCallContent"/> of the same id.
/// </summary>
internal sealed class ToolCallPiece(string callId, string tool, string arguments) : AIContent
{
    public string CallId { get; } = callId;
    public string Tool { get; } = tool;
    public string Arguments { get; } = arguments;
}
