using Microsoft.Extensions.AI;
using Skein.Core;

namespace Skein.Agent.Providers;

/// <summary>
/// Token counts, between our <see cref="Usage"/>, whose counts do not overlap, and the library's, whose input contains what was read from
/// and written to the cache, and whose output contains the reasoning.
/// </summary>
internal static class TokenCounts
{
    // The name that the library's own Anthropic client uses.
    private const string CacheWrite = "CacheCreationInputTokens";

    public static UsageDetails ToDetails(Usage usage) => new()
    {
        InputTokenCount = usage.Input + usage.CacheRead + usage.CacheWrite,
        OutputTokenCount = usage.Output + usage.Reasoning,
        TotalTokenCount = usage.Input + usage.CacheRead + usage.CacheWrite + usage.Output + usage.Reasoning,
        CachedInputTokenCount = usage.CacheRead,
        ReasoningTokenCount = usage.Reasoning,
        AdditionalCounts = usage.CacheWrite > 0 ? new() { [CacheWrite] = usage.CacheWrite } : null,
    };

    public static Usage ToUsage(UsageDetails details)
    {
        var read = details.CachedInputTokenCount ?? 0;
        var written = details.AdditionalCounts?.GetValueOrDefault(CacheWrite) ?? 0;
        var reasoning = details.ReasoningTokenCount ?? 0;
        return Split(details.InputTokenCount ?? 0, details.OutputTokenCount ?? 0, reasoning, read, written);
    }

    /// <summary>Counts of one answer add up, wherever in it they come.</summary>
    public static Usage Plus(Usage? before, UsageContent more) => (before ?? new Usage()) + ToUsage(more.Details);

    /// <summary>From totals. A server that counts the parts but not into the total must not make a negative count.</summary>
    public static Usage Split(long input, long output, long reasoning, long read, long written) =>
        new(Math.Max(0, input - read - written), Math.Max(0, output - reasoning), reasoning, read, written);
}
