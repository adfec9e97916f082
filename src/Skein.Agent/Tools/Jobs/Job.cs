using Skein.Sandbox;
using Skein.Sandbox.Confining;

namespace Skein.Agent.Tools.Jobs;

/// <summary>A command that runs in the background: what it writes is kept until it is looked at, and longer. Safe for use by many threads.</summary>
internal sealed class Job : IAsyncDisposable
{
    private readonly ChildProcess _child;
    private readonly HeldBack _held;
    private readonly SemaphoreSlim _file = new(1);
    private readonly FileStream _written = OutputCapture.OpenTemporary();
    private readonly Task _ended;
    private long _seen;
    private bool _wroteTooMuch;
    private ChildExit? _exit;

    public Job(int number, string command, ChildProcess child, HeldBack held)
    {
        (Number, Command, _child, _held) = (number, command, child, held);
        _ended = Task.Run(RunAsync);
    }

    /// <summary>Its name in the session: 1, 2, 3 …</summary>
    public int Number { get; }

    public string Command { get; }

    /// <summary>What it made that was given another name when it ended.</summary>
    public IReadOnlyList<string> Held { get; private set; } = [];

    public bool Runs => !_ended.IsCompleted;

    /// <summary>How it is, in a few words.</summary>
    public string State => (Runs, _wroteTooMuch, _exit) switch
    {
        (true, _, _) => "running",
        (_, true, _) => $"ended: it wrote more than {OutputCapture.Most} bytes",
        (_, _, { Signal: { } signal }) => $"ended by signal {signal}",
        (_, _, { } exit) => $"ended with exit code {exit.Code}",
        _ => "ended",
    };

    public Task WaitAsync(CancellationToken cancellationToken) => _ended.WaitAsync(cancellationToken);

    /// <summary>Kills it and all that it started, and waits for its end.</summary>
    public async Task EndAsync()
    {
        _child.Kill();
        await _ended;
    }

    /// <summary>What it wrote since it was last looked at; the caller disposes it.</summary>
    public async Task<OutputCapture> TakeNewAsync(CancellationToken cancellationToken)
    {
        var captured = new OutputCapture();
        var buffer = new byte[64 * 1024];
        await _file.WaitAsync(cancellationToken);
        try
        {
            while (await RandomAccess.ReadAsync(_written.SafeFileHandle, buffer, _seen, cancellationToken) is var read and > 0)
            {
                await captured.AppendAsync(buffer.AsMemory(0, read));
                _seen += read;
            }

            return captured;
        }
        catch
        {
            await captured.DisposeAsync();
            throw;
        }
        finally
        {
            _file.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        await _child.DisposeAsync();
        await _written.DisposeAsync();
        _file.Dispose();
    }

    private async Task RunAsync()
    {
        var buffer = new byte[64 * 1024];
        long at = 0;
        try
        {
            while (await _child.Output.ReadAsync(buffer, CancellationToken.None) is var read and > 0)
            {
                await RandomAccess.WriteAsync(_written.SafeFileHandle, buffer.AsMemory(0, read), at, CancellationToken.None);
                at += read;
                if (at > OutputCapture.Most)
                {
                    _wroteTooMuch = true;
                    break;
                }
            }
        }
        catch (IOException)
        {
            // The disk is full: what cannot be kept is no reason to let it run on unseen.
            _wroteTooMuch = true;
        }

        if (_wroteTooMuch)
            _child.Kill();
        _exit = await _child.WaitAsync(CancellationToken.None);
        Held = _held.Hold();
    }
}
