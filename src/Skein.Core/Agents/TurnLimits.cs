namespace Skein.Core.Agents;

/// <summary>What a turn has spent of its limits.</summary>
/// <param name="Steps">Calls of the model, those that were tried again included.</param>
/// <param name="Cost">US dollars, with what agents cost that worked for it.</param>
public readonly record struct TurnSpent(int Steps, decimal Cost);

/// <summary>What ends a turn that would go on; null: nothing was said.</summary>
/// <param name="MaxCost">US dollars that the calls of the model may cost together; above zero.</param>
/// <param name="MaxSteps">Calls of the model, those that are tried again included; 1 or more.</param>
public sealed record TurnLimits(decimal? MaxCost = null, int? MaxSteps = null)
{
    /// <summary>Where nothing is said of steps: far beyond what any task takes; it ends a model that turns in circles.</summary>
    public const int DefaultSteps = 1000;

    public static TurnLimits None { get; } = new();

    /// <summary>What is said here over what is said elsewhere.</summary>
    public TurnLimits Over(TurnLimits other) => new(MaxCost ?? other.MaxCost, MaxSteps ?? other.MaxSteps);

    /// <summary>The lower of both.</summary>
    public TurnLimits Narrow(TurnLimits other) => new(
        MaxCost is null || other.MaxCost < MaxCost ? other.MaxCost : MaxCost,
        other.MaxSteps < (MaxSteps ?? DefaultSteps) ? other.MaxSteps : MaxSteps);
}
