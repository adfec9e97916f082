using System.Diagnostics;
using System.Globalization;
using Skein.Core;

namespace Skein.Tests.Store;

/// <summary>A real process that is killed while it appends: this test's own program, started again for one explicit test.</summary>
public sealed class KilledWriterTests : EmbeddedTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(150)]
    public async Task What_was_acknowledged_survives_kill_9_and_batches_survive_whole_or_not_at_all(int killAfter)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Skein.Tests" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        using var child = Process.Start(new ProcessStartInfo(program, ["-explicit", "only", "-method", $"{typeof(KilledWriter).FullName}.{nameof(KilledWriter.Appends_until_it_is_killed)}"])
        {
            RedirectStandardOutput = true,
            Environment = { [KilledWriter.HomeVariable] = Home },
        })!;

        var (session, acknowledged) = (default(SessionId), 0L);
        try
        {
            for (var heard = 0; heard < killAfter;)
            {
                var line = await child.StandardOutput.ReadLineAsync(Cancellation) ?? throw new InvalidOperationException("The child ended by itself.");
                if (!line.StartsWith(KilledWriter.Acknowledged, StringComparison.Ordinal))
                    continue;

                session = SessionId.Parse(line.Split(' ')[1]);
                acknowledged = long.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture);
                heard++;
            }
        }
        finally
        {
            child.Kill();
        }

        var rest = await child.StandardOutput.ReadToEndAsync(Cancellation);
        await child.WaitForExitAsync(Cancellation);
        foreach (var line in rest.Split('\n').Where(l => l.StartsWith(KilledWriter.Acknowledged, StringComparison.Ordinal) && l.Split(' ').Length > 2))
            acknowledged = Math.Max(acknowledged, long.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture));

        await using var store = await OpenAsync();
        Assert.Equal([session], await store.FindAbandonedAsync(Cancellation));
        await using var writer = await store.OpenWriterAsync(session, Cancellation);
        var read = await ReadAsync(store, session, after: 1);
        Assert.True(writer.LastSeq >= acknowledged, $"{writer.LastSeq} is before {acknowledged}, which was acknowledged.");
        Assert.All(writer.Repairs, r => Assert.Contains(r.Kind, (string[])["torn", "newline"]));
        Assert.Equal(Enumerable.Range(2, read.Count).Select(n => (long)n), read.Select(e => e.Seq));
        Assert.All(read.Chunk(3), batch => Assert.Equal([true, true, false], batch.Select(e => e.More)));
        Assert.Equal(writer.LastSeq + 1, (await writer.AppendAsync([Some.Titled("on")], null, Cancellation))[0].Seq);
    }
}
