using Skein.Core.Events;

namespace Skein.Adapters.Driving;

/// <summary>A driven agent cannot go on: it is not installed, ended, or said what its protocol does not allow. The turn fails with it.</summary>
/// <param name="message">One line for people, without secrets; it names the agent.</param>
public sealed class AgentFailedException(FailureKind kind, string message) : Exception(message)
{
    public FailureKind Kind { get; } = kind;
}
