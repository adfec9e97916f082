using Skein.Agent.Providers;

namespace Skein.Agent;

/// <summary>When a failed call of a model is tried again.</summary>
/// <param name="Delays">The wait before each further attempt; as many attempts as delays.</param>
/// <param name="Jitter">The largest part of a delay that is added at random, so that sessions do not come back all at once.</param>
/// <param name="LongestWait">A provider that asks for more patience than this is not waited for.</param>
public sealed record RetryPlan(IReadOnlyList<TimeSpan> Delays, double Jitter, TimeSpan LongestWait)
{
    public static RetryPlan Default { get; } = new([.. new[] { 2, 4, 8, 16, 30 }.Select(s => TimeSpan.FromSeconds(s))], 0.25, TimeSpan.FromMinutes(5));

    /// <summary>How long to wait before the next attempt; null: give up.</summary>
    /// <param name="retried">How often it was tried again already.</param>
    internal TimeSpan? DelayAfter(ModelException failure, int retried)
    {
        if (!failure.Transient || retried >= Delays.Count || failure.RetryAfter > LongestWait)
            return null;

        var delay = failure.RetryAfter ?? Delays[retried];
        return delay + delay * (Jitter * Random.Shared.NextDouble());
    }
}
