namespace Skein.Core.Spending;

/// <summary>A call of a model that is over.</summary>
/// <param name="Agent">Of the turn.</param>
/// <param name="Cost">In US dollars; null where the price was not known.</param>
public readonly record struct PaidCall(DateTimeOffset At, string Agent, string? Model, Usage? Usage, decimal? Cost);

/// <summary>What one session paid for.</summary>
/// <param name="Fault">Why not all of it could be read, one sentence; null: it could.</param>
public sealed record SessionSpending(SessionId Session, string Workspace, IReadOnlyList<PaidCall> Calls, string? Fault = null);
