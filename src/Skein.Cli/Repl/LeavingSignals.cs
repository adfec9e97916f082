using System.Runtime.InteropServices;

namespace Skein.Cli.Repl;

/// <summary>Signals that end a program: the REPL leaves in good order, and its terminal is what it was.</summary>
internal sealed class LeavingSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;

    public LeavingSignals(Action leave) => _registrations =
    [
        .. new[] { PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGINT }.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            leave();
        })),
    ];

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }
}
