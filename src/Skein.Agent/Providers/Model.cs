using Microsoft.Extensions.AI;
using Skein.Core;

namespace Skein.Agent.Providers;

/// <summary>A model, ready to be called.</summary>
/// <param name="Name"><c>provider/name</c>.</param>
/// <param name="Facts">What is known of it: what the settings say, over the table.</param>
internal sealed record Model(string Name, string Provider, IChatClient Client, ModelFacts Facts)
{
    /// <summary>In <see cref="ChatOptions.AdditionalProperties"/>: thinking is asked for by a number of tokens, as older models of Anthropic have it.</summary>
    public const string ThinksByBudget = "thinking_budget";

    // Routers hold money back for as much as is asked for, and servers refuse what does not fit beside the input: what a model could say
    // at most is no reason to ask for it.
    private const int EnoughOutput = 32_000;
    private const int EnoughWithThoughts = 64_000;

    /// <summary>Whether a temperature is sent to a model of which nothing is known.</summary>
    public bool TakesTemperature { get; init; } = true;

    /// <summary>What the settings alone say of it.</summary>
    public ModelFacts Said { get; init; } = ModelFacts.Nothing;

    public ModelLessons Learned { get; init; } = new();

    /// <summary>Whether it is shown pictures that tools have; one that takes none would refuse the whole conversation.</summary>
    public bool TakesImages => Facts.Images ?? Provider == "anthropic";

    /// <summary>What a call cost; null where its price or its tokens are not known.</summary>
    public decimal? CostOf(Usage? usage) => usage is null ? null : Facts.Price?.Of(usage);

    /// <summary>How it is called.</summary>
    /// <param name="effort">Null: as the model does by itself.</param>
    public ChatOptions OptionsFor(Effort? effort)
    {
        var options = new ChatOptions { MaxOutputTokens = MaxOutput(effort) };
        if (effort is { } asked)
            options.Reasoning = new ReasoningOptions { Effort = EffortOf(asked) };

        // A model that thinks takes no temperature, whatever it takes else.
        if (effort is null or Effort.None && (Facts.Temperature ?? TakesTemperature) && !Learned.RefusesTemperature)
            options.Temperature = 0;
        if (Facts.ThinkingBudget == true)
            options.AdditionalProperties = new() { [ThinksByBudget] = true };
        return options;
    }

    private int? MaxOutput(Effort? effort) =>
        Said.Output ?? (Facts.Output is { } most ? Math.Min(most, effort >= Effort.High ? EnoughWithThoughts : EnoughOutput) : null);

    private static ReasoningEffort EffortOf(Effort effort) => effort switch
    {
        Effort.None => ReasoningEffort.None,
        Effort.Low => ReasoningEffort.Low,
        Effort.Medium => ReasoningEffort.Medium,
        Effort.High => ReasoningEffort.High,
        _ => ReasoningEffort.ExtraHigh,
    };
}

/// <summary>What a model taught that no table knows; kept while the program runs.</summary>
internal sealed class ModelLessons
{
    /// <summary>It refused a call for its temperature.</summary>
    public bool RefusesTemperature { get; set; }

    /// <summary>It refused a call for its tools.</summary>
    public bool RefusesTools { get; set; }
}
