using Skein.Core;

namespace Skein.Agent.Providers;

/// <summary>What a model asks for, in US dollars per million tokens.</summary>
/// <param name="Reasoning">Null: as <paramref name="Output"/>.</param>
/// <param name="CacheRead">Null: as <paramref name="Input"/>.</param>
/// <param name="CacheWrite">Null: as <paramref name="Input"/>.</param>
public sealed record Price(decimal Input, decimal Output, decimal? Reasoning = null, decimal? CacheRead = null, decimal? CacheWrite = null)
{
    private const decimal Tokens = 1_000_000m;

    /// <summary>For calls whose whole input is longer than so many tokens, the price of all of the call.</summary>
    public LongPrice? LongInput { get; init; }

    /// <summary>What a call costs. Counts below zero, which some servers send, count as none.</summary>
    public decimal Of(Usage usage)
    {
        var (input, read, written) = (Math.Max(0, usage.Input), Math.Max(0, usage.CacheRead), Math.Max(0, usage.CacheWrite));
        var price = LongInput is { } dear && (decimal)input + read + written > dear.Above ? dear.Price : this;
        return (input * price.Input
            + Math.Max(0, usage.Output) * price.Output
            + Math.Max(0, usage.Reasoning) * (price.Reasoning ?? price.Output)
            + read * (price.CacheRead ?? price.Input)
            + written * (price.CacheWrite ?? price.Input)) / Tokens;
    }
}

/// <param name="Above">Tokens of input, cached ones included.</param>
public sealed record LongPrice(long Above, Price Price);
