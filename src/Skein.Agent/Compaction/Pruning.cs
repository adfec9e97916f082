using System.Globalization;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Agent.Compaction;

/// <summary>Leaves most of big old outputs of tools out of what the model is sent: they are what fills a context, and can be had again.</summary>
internal static class Pruning
{
    private const int Big = 2_000;
    private const int Shown = 400;

    /// <summary>The message's parts as the model is sent them.</summary>
    public static IEnumerable<Part> Sent(Message message) =>
        message.Parts.Select(p => message.PrunedAt is not null && p.Content is ToolResultPart result ? Cut(result) : p.Content);

    /// <summary>What to leave out of messages that are not recent; null: that would not make enough room.</summary>
    public static ContextPruned? Plan(IReadOnlyList<Message> sent, long tokens, ContextLimits limits)
    {
        var old = sent.Count;
        for (long recent = 0; old > 0 && recent < limits.Recent; old--)
            recent += TokenEstimate.Of(sent[old - 1]);

        var big = sent.Take(old).Where(m => m.PrunedAt is null && Outputs(m).Any()).ToList();
        var saved = big.Sum(Saved);
        return big.Count > 0 && tokens - saved <= limits.Roomy ? new ContextPruned([.. big.Select(m => m.Id)], big.Sum(m => Outputs(m).Count()), saved) : null;
    }

    private static long Saved(Message message) => TokenEstimate.Of(message) - TokenEstimate.Of(message with { PrunedAt = 0 });

    private static IEnumerable<ToolResultPart> Outputs(Message message) =>
        message.Parts.Select(p => p.Content).OfType<ToolResultPart>().Where(r => r.Output.Length > Big);

    private static ToolResultPart Cut(ToolResultPart result)
    {
        if (result.Output.Length <= Big)
            return result;

        var end = TextCut.Before(result.Output, Shown);
        return result with
        {
            Output = string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Output.AsSpan(0, end)}\n[… {result.Output.Length - end:N0} more characters of this old output are left out to save room; call the tool again if you need them …]"),
        };
    }
}
