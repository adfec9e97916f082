using System.Runtime.InteropServices;
using System.Text;
using Skein.Cli.Repl.Editing;

namespace Skein.Cli.Repl;

/// <summary>
/// The terminal of this process, byte by byte: raw while it is open, and as it was found afterwards, however the process ends. The only
/// place of the REPL that makes system calls.
/// </summary>
internal sealed class RawTerminal : IDisposable
{
    private const int Input = 0;
    private const int Output = 1;
    private const int OpaqueSize = 256;
    private const short Readable = 1;
    private const int Interrupted = 4;
    private const int Stop = 19;
    private const int StopOnMac = 17;

    // After an escape the rest of a sequence follows at once, even over a slow line.
    private const int EscapePatienceMs = 50;

    // Pastes are told from typing; the cursor is shown.
    private const string Begin = "\e[?2004h";
    private const string End = "\e[?2004l\e[?25h\e[0m";

    private readonly byte[] _found = new byte[OpaqueSize];
    private readonly byte[] _raw = new byte[OpaqueSize];
    private readonly int[] _wake = new int[2];
    private readonly Lock _lock = new();
    private readonly KeyDecoder _decoder = new();
    private readonly PosixSignalRegistration _resize;
    private Thread? _reader;
    private volatile bool _reading;
    private bool _isRaw;
    private volatile bool _closed;

    private RawTerminal(Action onResize)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("A terminal is made raw by system calls that Windows does not have.");

        Check(GetAttributes(Input, _found), "read the terminal's settings");
        _found.CopyTo(_raw, 0);
        MakeRaw(_raw);
        Check(Pipe(_wake), "make a pipe");
        _resize = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => onResize());
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        AppDomain.CurrentDomain.UnhandledException += OnExit;
    }

    /// <summary>Columns and rows.</summary>
    public static (int Width, int Height) Size
    {
        get
        {
            // The console remembers a size until it has seen the signal that we see as well, in whichever order.
            if (OperatingSystem.IsLinux() && GetWindowSize(Output, 0x5413, out var size) == 0 && size.Columns > 0)
                return (size.Columns, size.Rows);
            return (Math.Max(1, Console.WindowWidth), Math.Max(1, Console.WindowHeight));
        }
    }

    /// <exception cref="IOException">It is no terminal.</exception>
    public static RawTerminal Open(Action onResize)
    {
        var terminal = new RawTerminal(onResize);
        terminal.Enter();
        return terminal;
    }

    /// <summary>Hands over keys as they come, on a thread of its own; null: the terminal has gone.</summary>
    public void Read(Action<Key?> onKey)
    {
        _reading = true;
        _reader = new Thread(() => ReadKeys(onKey)) { IsBackground = true, Name = "Skein reads keys" };
        _reader.Start();
    }

    /// <summary>Leaves the keys that come to somebody else.</summary>
    public void StopReading()
    {
        _reading = false;
        _ = Write(_wake[1], [1], 1);
        _reader?.Join();
        _reader = null;
        _ = Read(_wake[0], new byte[1], 1);
    }

    public void Write(string text)
    {
        lock (_lock)
            Write_Locked(text);
    }

    /// <summary>Makes the terminal what it was, for another program or for the shell.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (!_isRaw)
                return;
            Write_Locked(End);
            _ = SetAttributes(Input, AfterOutput, _found);
            _isRaw = false;
        }
    }

    public void Enter()
    {
        lock (_lock)
        {
            Check(SetAttributes(Input, AfterOutput, _raw), "set the terminal");
            _isRaw = true;
            Write_Locked(Begin);
        }
    }

    /// <summary>Stops this process and its group, as Ctrl+Z does; returns when it goes on.</summary>
    public void Suspend()
    {
        if (OperatingSystem.IsWindows())
            return;

        Leave();

        // Another thread may take the signal, and this one runs on for a moment: it must not make the terminal raw under the shell.
        using var continued = new ManualResetEventSlim();
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGCONT, context =>
        {
            // Else the runtime sets the terminal as it thinks it should be, after us.
            context.Cancel = true;
            continued.Set();
        });
        _ = Kill(0, OperatingSystem.IsMacOS() ? StopOnMac : Stop);
        continued.Wait();
        Enter();
    }

    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        if (_reader is not null)
            StopReading();
        _resize.Dispose();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        AppDomain.CurrentDomain.UnhandledException -= OnExit;
        Leave();
        _ = Close(_wake[0]);
        _ = Close(_wake[1]);
    }

    private const int AfterOutput = 1;

    private void OnExit(object? sender, EventArgs e) => Leave();

    private void ReadKeys(Action<Key?> onKey)
    {
        var bytes = new byte[4096];
        var waited = new Waited[] { new() { Descriptor = Input, Events = Readable }, new() { Descriptor = _wake[0], Events = Readable } };
        while (_reading)
        {
            var ready = Poll(waited, (nuint)waited.Length, _decoder.IsPending ? EscapePatienceMs : -1);
            if (!_reading)
                return;

            if (ready == 0)
            {
                foreach (var key in _decoder.Flush())
                    onKey(key);
            }
            else if (ready < 0 && Marshal.GetLastPInvokeError() == Interrupted)
            {
                // A signal, for somebody else.
            }
            else if ((int)Read(Input, bytes, (nuint)bytes.Length) is var count and > 0)
            {
                foreach (var key in _decoder.Next(bytes.AsSpan(0, count)))
                    onKey(key);
            }
            else if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                onKey(null);
                return;
            }
        }
    }

    private static void Write_Locked(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var written = 0; written < bytes.Length;)
        {
            var count = (int)Write(Output, bytes[written..], (nuint)(bytes.Length - written));
            if (count < 0 && Marshal.GetLastPInvokeError() != Interrupted)
                return; // It has gone; the reader tells.
            written += Math.Max(0, count);
        }
    }

    private static void Check(int result, string what)
    {
        if (result != 0)
            throw new IOException($"Could not {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Waited
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }

    // struct termios differs between systems: it is only carried about, in room enough for all of them.
    [DllImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static extern int GetAttributes(int descriptor, [Out] byte[] attributes);

    [DllImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static extern int SetAttributes(int descriptor, int when, byte[] attributes);

    [DllImport("libc", EntryPoint = "cfmakeraw")]
    private static extern void MakeRaw([In, Out] byte[] attributes);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static extern int Poll([In, Out] Waited[] waited, nuint count, int milliseconds);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    private static extern nint Read(int descriptor, [Out] byte[] bytes, nuint count);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    private static extern nint Write(int descriptor, byte[] bytes, nuint count);

    [DllImport("libc", EntryPoint = "pipe", SetLastError = true)]
    private static extern int Pipe([Out] int[] ends);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);

    [DllImport("libc", EntryPoint = "ioctl")]
    private static extern int GetWindowSize(int descriptor, nuint request, out WindowSize size);
}
