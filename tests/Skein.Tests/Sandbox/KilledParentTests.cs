using System.Diagnostics;
using System.Globalization;

namespace Skein.Tests.Sandbox;

public sealed class KilledParentTests
{
    [Fact(Timeout = 60_000)]
    public async Task Kill_9_of_a_parent_ends_the_child_that_is_to_end_with_it_and_its_group_and_what_that_started_in_sessions_of_their_own()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Skein.Tests");
        using var parent = Process.Start(new ProcessStartInfo(program, ["-explicit", "only", "-method", $"{typeof(KilledParent).FullName}.{nameof(KilledParent.Has_a_child_until_it_is_killed)}"])
        {
            RedirectStandardOutput = true,
            Environment = { [KilledParent.SignVariable] = "1" },
        })!;
        var line = "";
        while (!line.StartsWith(KilledParent.Started, StringComparison.Ordinal))
            line = await parent.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new InvalidOperationException("It ended without a child.");
        var pids = line[KilledParent.Started.Length..].Split(' ').Select(p => int.Parse(p, CultureInfo.InvariantCulture)).ToList();

        var started = pids.Select(Process.GetProcessById).ToList();
        parent.Kill();

        foreach (var one in started)
        {
            using (one)
                await one.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }
}
