using System.Diagnostics;
using Skein.Core;

namespace Skein.Tests.Store;

/// <summary>A real process that is killed while it rewrites the catalog: this test's own program, started again for one explicit test.</summary>
public sealed class KilledRewriteTests : EmbeddedTests
{
    private const int KilledBySignal = 137;

    [Theory]
    [InlineData("created")]
    [InlineData("half written")]
    [InlineData("written")]
    [InlineData("renamed")]
    public async Task A_catalog_whose_rewrite_was_killed_says_what_one_says_that_is_made_anew(string where)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no kill -9.");
        var program = Path.Combine(AppContext.BaseDirectory, "Skein.Tests");
        using var child = Process.Start(new ProcessStartInfo(program, ["-explicit", "only", "-method", $"{typeof(KilledRewrite).FullName}.{nameof(KilledRewrite.Appends_until_the_catalog_is_rewritten)}"])
        {
            RedirectStandardOutput = true,
            Environment = { [KilledRewrite.HomeVariable] = Home, [KilledRewrite.WhereVariable] = where },
        })!;
        var said = await child.StandardOutput.ReadToEndAsync(Cancellation);
        await child.WaitForExitAsync(Cancellation);
        Assert.True(child.ExitCode == KilledBySignal, said);

        var (rows, abandoned) = await LookAsync();
        Assert.Equal(KilledRewrite.Sessions + 1, rows.Count);
        Assert.Contains(rows.Single(row => row.Title == KilledRewrite.Held).Id, abandoned);
        File.Delete(Path.Combine(Home, "catalog", "catalog.jsonl"));
        Assert.Equal(rows.Select(Some.Text), (await LookAsync()).Rows.Select(Some.Text));
    }

    private async Task<(IReadOnlyList<Session> Rows, IReadOnlyList<SessionId> Abandoned)> LookAsync()
    {
        await using var store = await OpenAsync();
        var page = await store.ListAsync(new SessionQuery(Limit: 1000), Cancellation);
        Assert.Empty(store.Damaged);
        return (page.Items, await store.FindAbandonedAsync(Cancellation));
    }
}
