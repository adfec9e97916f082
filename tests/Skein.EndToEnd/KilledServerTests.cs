using System.Diagnostics;
using System.Globalization;
using Skein.Client;

namespace Skein.EndToEnd;

/// <summary>A real server that is killed, again and again, while several clients work with it: what it acknowledged it still has.</summary>
public sealed class KilledServerTests : IAsyncDisposable
{
    private const int Rounds = 24;
    private const int Clients = 4;

    private readonly User _user = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 600_000)]
    public async Task What_was_acknowledged_survives_kill_9_at_any_moment_once_in_order_and_whole()
    {
        var seed = Environment.GetEnvironmentVariable("SKEIN_TEST_FAULT_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        var clients = Enumerable.Range(0, Clients).Select(n => new KilledServerClient(new Random(seed + n), _user.Project)).ToList();
        Directory.CreateDirectory(_user.Project);
        var random = new Random(seed);
        var acknowledged = 0;

        for (var round = 0; round <= Rounds; round++)
        {
            // Any command starts a server where none is.
            await _user.GoodAsync("ls");
            var running = await _user.JsonAsync("status");
            using var server = Process.GetProcessById(running.GetProperty("pid").GetInt32());
            await using var api = SkeinClient.ForSocket(running.GetProperty("socket").GetString()!, new SkeinClientOptions { Patience = TimeSpan.FromMilliseconds(1) });
            try
            {
                foreach (var client in clients)
                    await client.CheckAsync(api, Cancellation);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"After kill {round}, SKEIN_TEST_FAULT_SEED={seed}: {e.Message}", e);
            }

            if (round == Rounds)
                break;

            var left = 5 + random.Next(60);
            await Task.WhenAll(clients.Select(client => client.WorkAsync(
                api,
                () =>
                {
                    Interlocked.Increment(ref acknowledged);
                    if (Interlocked.Decrement(ref left) == 0)
                        server.Kill();
                    return Volatile.Read(ref left) > 0;
                },
                Cancellation)));
        }

        Assert.True(acknowledged >= Rounds * 5, $"{acknowledged} were acknowledged");
        var doctor = await _user.RunAsync("doctor");
        Assert.True(doctor.Code == 0, doctor.ToString());
    }
}
