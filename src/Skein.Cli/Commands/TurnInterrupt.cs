using System.Runtime.InteropServices;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;

namespace Skein.Cli.Commands;

/// <summary>Ctrl+C while a turn runs: the first interrupts the turn, the second leaves it alone and ends the program.</summary>
internal sealed class TurnInterrupt : IDisposable
{
    private readonly SkeinClient _client;
    private readonly SessionId _session;
    private readonly Surroundings _surroundings;
    private readonly CancellationTokenSource _leaving;
    private readonly PosixSignalRegistration _registration;
    private int _times;

    /// <param name="leaving">Cancelled when the person does not want to wait.</param>
    public TurnInterrupt(SkeinClient client, SessionId session, Surroundings surroundings, CancellationTokenSource leaving)
    {
        (_client, _session, _surroundings, _leaving) = (client, session, surroundings, leaving);
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
    }

    public void Dispose() => _registration.Dispose();

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _times) == 1)
        {
            _surroundings.Activity.Status("  interrupting … (Ctrl+C again to leave at once)");
            Interrupting = InterruptAsync();
        }
        else
        {
            _leaving.Cancel();
        }
    }

    /// <summary>The request under way.</summary>
    public Task Interrupting { get; private set; } = Task.CompletedTask;

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
