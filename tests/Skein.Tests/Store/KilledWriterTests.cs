using System.Diagnostics;
using System.Globalization;
using System.Text;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Tests.Store;

/// <summary>A real process that is killed while it appends: this test's own program, started again for one explicit test.</summary>
public sealed class KilledWriterTests : EmbeddedTests
{
    private const string HomeVariable = "SKEIN_TEST_KILLED_HOME";
    private const string Acknowledged = "acknowledged ";

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(150)]
    public async Task What_was_acknowledged_survives_kill_9_and_batches_survive_whole_or_not_at_all(int killAfter)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Skein.Tests" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        using var child = Process.Start(new ProcessStartInfo(program, ["-explicit", "only", "-method", $"{typeof(KilledWriterTests).FullName}.{nameof(Appends_until_it_is_killed)}"])
        {
            RedirectStandardOutput = true,
            Environment = { [HomeVariable] = Home },
        })!;

        var (session, acknowledged) = (default(SessionId), 0L);
        try
        {
            for (var heard = 0; heard < killAfter;)
            {
                var line = await child.StandardOutput.ReadLineAsync(Cancellation) ?? throw new InvalidOperationException("The child ended by itself.");
                if (!line.StartsWith(Acknowledged, StringComparison.Ordinal))
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
        foreach (var line in rest.Split('\n').Where(l => l.StartsWith(Acknowledged, StringComparison.Ordinal) && l.Split(' ').Length > 2))
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

    [Fact(Explicit = true)]
    public async Task Appends_until_it_is_killed()
    {
        var home = Environment.GetEnvironmentVariable(HomeVariable);
        Assert.SkipWhen(home is null, "This is the child of another test.");
        await using var store = await EmbeddedStore.OpenAsync(home, new EmbeddedStoreOptions(), TimeProvider.System, Cancellation);
        await using var writer = await CreateAsync(store);
        await using var output = Console.OpenStandardOutput();
        while (true)
        {
            IReadOnlyList<EventBody> batch = [Some.Titled("a"), Some.Titled(new string('b', 20_000)), Some.Titled("c")];
            var last = (await writer.AppendAsync(batch, null, Cancellation))[^1].Seq;
            await output.WriteAsync(Encoding.UTF8.GetBytes($"{Acknowledged}{writer.Session} {last}\n"), Cancellation);
        }
    }
}
