using System.Globalization;
using Skein.Testing;

namespace Skein.Tests.Store.Faults;

/// <summary>
/// A random workload of many sessions, at random calls of the disk: there the call fails, the process is killed, or the power
/// is cut. Afterwards everything that was acknowledged is there, once and in order, and nothing by halves.
/// </summary>
public sealed class RandomFaultTests
{
    private const int FaultsAHome = 20;

    /// <summary>Runs only the home of this seed, as a failure names it.</summary>
    private const string SeedVariable = "SKEIN_TEST_FAULT_SEED";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_thousand_faults_at_calls_of_the_disk_lose_and_halve_nothing_that_was_acknowledged() => FaultAsync([.. Enumerable.Range(1, Rounds.Of(50))]);

    [Fact(Explicit = true)]
    public Task A_thousand_faults_that_nobody_chose_lose_and_halve_nothing_that_was_acknowledged() =>
        FaultAsync(Environment.GetEnvironmentVariable(SeedVariable) is { } only
            ? [int.Parse(only, CultureInfo.InvariantCulture)]
            : [.. Enumerable.Range(0, 50).Select(_ => Random.Shared.Next())]);

    private static async Task FaultAsync(int[] seeds)
    {
        await Parallel.ForEachAsync(seeds, new ParallelOptions { MaxDegreeOfParallelism = Math.Min(4, Environment.ProcessorCount), CancellationToken = Cancellation }, async (seed, _) =>
        {
            var fault = 0;
            try
            {
                using var home = new FaultyHome(seed, Cancellation);
                for (; fault < FaultsAHome; fault++)
                    await home.FaultAsync();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Fault {fault + 1} of the home with {SeedVariable}={seed}: {e.Message}", e);
            }
        });
    }
}
