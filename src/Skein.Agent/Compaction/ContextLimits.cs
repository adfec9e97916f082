using Skein.Agent.Providers;

namespace Skein.Agent.Compaction;

/// <summary>How much a model can be sent.</summary>
/// <param name="Context">Tokens that fit, the answer's included.</param>
/// <param name="Output">The tokens of it that are kept free for the answer.</param>
internal sealed record ContextLimits(long Context, long Output)
{
    // What an answer takes where nothing is known of it, and the most that is kept free: hardly any answer is longer.
    private const int UsualAnswer = 8_000;
    private const int LongAnswer = 32_000;

    /// <summary>Beyond this there may be no room for an answer.</summary>
    public long Usable => Context - Output;

    /// <summary>From here on room is made: counts are estimates, and the next step adds to them.</summary>
    public long Full => Usable * 9 / 10;

    /// <summary>What pruning must reach; else it would be needed again at once, and each time the provider's cache is lost.</summary>
    public long Roomy => Usable * 7 / 10;

    /// <summary>What stays as it is when the rest is summarised.</summary>
    public long Recent => Usable / 4;

    /// <summary>What summaries may take in all, and the newest of them alone.</summary>
    public long Summaries => Usable / 3;

    /// <summary>The length of one summary.</summary>
    public int Summary => (int)Math.Clamp(Usable / 16, 400, 4_000);

    /// <returns>Null: it is not known how much fits.</returns>
    public static ContextLimits? Of(ModelFacts facts) =>
        // Some models are said to answer with as many tokens as fit altogether, or more: a quarter is enough, and leaves room to ask.
        facts.Context is { } context and > 0 ? new ContextLimits(context, Math.Min(Math.Min(facts.Output ?? UsualAnswer, LongAnswer), context / 4)) : null;
}
