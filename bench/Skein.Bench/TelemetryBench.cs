using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Skein.Bench;

/// <summary>What telemetry adds to the start of a server and to its memory after a turn, against the same without it, in turns.</summary>
internal static class TelemetryBench
{
    private const int Rounds = 7;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        using var collector = new HttpListener();
        var address = $"http://127.0.0.1:{FreePort()}";
        collector.Prefixes.Add(address + "/");
        collector.Start();
        var taken = TakeAsync(collector);
        List<Measured> off = [], on = [];
        for (var round = -1; round < Rounds; round++)
        {
            var (without, with) = (await MeasureAsync(null, cancellationToken), await MeasureAsync(address, cancellationToken));
            if (round < 0)
                continue;
            off.Add(without);
            on.Add(with);
        }

        collector.Stop();
        var exports = await taken;
        if (exports == 0)
            throw new InvalidOperationException("The collector was sent nothing: this measured nothing.");
        return
        [
            Row("start of the server, to its first answer", "s", m => m.Start, ""),
            Row("the first turn after it", "s", m => m.Turn, ""),
            Row("resident memory of the server after that turn", "MiB", m => m.Memory, ""),
        ];

        Row Row(string what, string unit, Func<Measured, double> of, string goal)
        {
            var (without, with) = (Median.Of(off.Select(of)), Median.Of(on.Select(of)));
            return new Row($"telemetry, {what}", Shown(with), $"{Shown(without)} without: {Shown(with - without)} more", goal);

            string Shown(double value) => string.Create(CultureInfo.InvariantCulture, $"{(unit == "s" ? $"{value:0.000}" : $"{value:0.0}")} {unit}");
        }
    }

    private static async Task<Measured> MeasureAsync(string? endpoint, CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        if (endpoint is not null)
            program.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint;
        var script = Path.Combine(program.Own, "script.json");
        await File.WriteAllTextAsync(script, """{"steps":[{"parts":[{"type":"text","text":"Well."}]}]}""", cancellationToken);
        var watch = Stopwatch.StartNew();
        await using var client = await program.ServeAsync(cancellationToken);
        var start = watch.Elapsed.TotalSeconds;
        watch.Restart();
        program.Time("run", "--model", "scripted/" + script, "Hello?");
        var turn = watch.Elapsed.TotalSeconds;
        var memory = program.ServerMemory();

        // What is still to be sent is sent at the end.
        await program.StopServerAsync();
        return new Measured(start, turn, memory);
    }

    // It answers whatever it is sent.
    private static async Task<int> TakeAsync(HttpListener collector)
    {
        for (var count = 0; ; count++)
        {
            try
            {
                var call = await collector.GetContextAsync();
                await call.Request.InputStream.CopyToAsync(Stream.Null);
                call.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return count;
            }
        }
    }

    private static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private sealed record Measured(double Start, double Turn, double Memory);
}
