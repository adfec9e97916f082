using System.Globalization;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Agent;

/// <summary>
/// What a turn has spent of its limits. Every call of a model counts, also one that failed and is tried again, and so does what agents
/// cost that worked for it. Not safe for use by several threads, but for its <see cref="Meter"/>.
/// </summary>
internal sealed class TurnBudget
{
    private const string GoOn = "All that was done is kept, and the next prompt goes on from here.";

    private readonly TurnLimits _limits;
    private readonly CostMeter? _above;
    private readonly int _maxSteps;
    private int _steps;
    private string? _uncounted;

    /// <param name="limits">What holds for the turn.</param>
    /// <param name="before">What it has spent already, where it goes on after a restart.</param>
    /// <param name="above">Of the turn that this one works for.</param>
    public TurnBudget(TurnLimits limits, TurnSpent before, CostMeter? above)
    {
        (_limits, _above, _maxSteps, _steps) = (limits, above, limits.MaxSteps ?? TurnLimits.DefaultSteps, before.Steps);
        Meter = new CostMeter(limits.MaxCost, above);
        Meter.Spend(before.Cost);
    }

    /// <summary>What it costs, with those that work for it.</summary>
    public CostMeter Meter { get; }

    /// <summary>Why a limit cannot be held for a model; null: it can.</summary>
    public TurnFailure? Unfit(Model model) =>
        _limits.MaxCost is not null && model.Facts.Price is null
            ? Stop($"The turn was not begun: max_cost is {Shown(_limits.MaxCost)}, and what {model.Name} costs is not known. Give its price in the settings "
                + "(providers.NAME.models), or leave max_cost out.")
            : null;

    /// <summary>Takes note of a call that was made.</summary>
    /// <param name="isWhole">Whether it came to its end, so that its counts are all there are.</param>
    public void Count(Model model, Usage? usage, bool isWhole)
    {
        _steps++;
        Meter.Spend(model.CostOf(usage) ?? 0);
        if (isWhole && usage is null)
            _uncounted = model.Name;
    }

    /// <summary>Why no further call may be made; null: one may.</summary>
    public TurnFailure? Exhausted()
    {
        if (_limits.MaxCost is { } most && Meter.Spent >= most)
            return Stop($"The turn was stopped: it cost {Shown(Meter.Spent)}, and max_cost is {Shown(most)}. {GoOn} For more in one turn: --max-cost, or max_cost in the settings.");
        if (_above?.Left <= 0)
            return Stop("The turn was stopped: nothing is left of what the turn that it works for may cost.");
        if (_limits.MaxCost is not null && _uncounted is { } model)
            return Stop($"The turn was stopped: max_cost is {Shown(_limits.MaxCost)}, and {model} does not tell how many tokens its answers take. {GoOn} Leave max_cost out for this model.");
        return _steps >= _maxSteps
            ? Stop(string.Create(CultureInfo.InvariantCulture,
                $"The turn was stopped after {_steps:N0} {(_steps == 1 ? "call" : "calls")} of the model: max_steps is {_maxSteps:N0}. {GoOn} For more in one turn: --max-steps, or max_steps in the settings."))
            : null;
    }

    private static TurnFailure Stop(string message) => new(FailureKind.Limit, null, message);

    private static string Shown(decimal? dollars) => string.Create(CultureInfo.InvariantCulture, $"${dollars:0.00######}");
}
