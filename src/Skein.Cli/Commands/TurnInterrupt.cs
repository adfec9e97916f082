using System.Runtime.InteropServices;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;

namespace Skein.Cli.Commands;

/// <summary>
/// Ctrl+C while a turn runs: the first interrupts the turn, the second leaves it alone and ends the program. SIGTERM does the same, since
/// shells have what they run in the background ignore SIGINT. Where the server is this program, other signals end it in good order.
/// </summary>
internal sealed class TurnInterrupt : IAsyncDisposable
{
    private readonly SkeinClient _client;
    private readonly SessionId _session;
    private readonly Surroundings _surroundings;
    private readonly CancellationTokenSource _leaving;
    private readonly PosixSignalRegistration[] _registrations;
    private Task _interrupting = Task.CompletedTask;
    private int _times;

    /// <param name="leaving">Cancelled when the person does not want to wait.</param>
    /// <param name="isServer">This process is the server.</param>
    public TurnInterrupt(SkeinClient client, SessionId session, Surroundings surroundings, CancellationTokenSource leaving, bool isServer)
    {
        (_client, _session, _surroundings, _leaving) = (client, session, surroundings, leaving);
        PosixSignal[] ends = isServer ? [PosixSignal.SIGTERM, PosixSignal.SIGHUP] : [];
        PosixSignal[] interrupts = isServer ? [PosixSignal.SIGINT] : [PosixSignal.SIGINT, PosixSignal.SIGTERM];
        _registrations = [.. interrupts.Select(s => PosixSignalRegistration.Create(s, OnInterrupt)), .. ends.Select(s => PosixSignalRegistration.Create(s, OnEnd))];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        await _interrupting;
    }

    private void OnEnd(PosixSignalContext context)
    {
        context.Cancel = true;
        _leaving.Cancel();
    }

    private void OnInterrupt(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _times) == 1)
        {
            _surroundings.Activity.Status("  interrupting … (Ctrl+C again to leave at once)");
            _interrupting = InterruptAsync();
        }
        else
        {
            _leaving.Cancel();
        }
    }

    private async Task InterruptAsync()
    {
        try
        {
            await _client.InterruptAsync(_session, _leaving.Token);
        }
        catch (OperationCanceledException)
        {
            // The person left.
        }
        catch (SkeinException e)
        {
            _surroundings.Error.WriteLine($"skein: the turn could not be interrupted: {e.Message}", Style.Bad);
        }
    }
}
