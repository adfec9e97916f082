using System.Text;
using Microsoft.Win32.SafeHandles;
using Skein.Cli.Commands;
using Skein.Cli.Screen;
using Skein.Sandbox;

namespace Skein.Cli.Composition;

/// <summary>What a command finds around it: where it writes to and reads from, its folder, the environment and the clock.</summary>
/// <param name="Out">For what was asked for.</param>
/// <param name="Error">For everything else that a person wants to know.</param>
/// <param name="Input">What is typed or piped in.</param>
/// <param name="InputIsTerminal">Whether a person types it.</param>
/// <param name="Folder">The current folder: absolute, without links.</param>
/// <param name="Variable">An environment variable; null: not set.</param>
internal sealed record Surroundings(
    Terminal Out, Terminal Error, TextReader Input, bool InputIsTerminal, string Folder, Func<string, string?> Variable, TimeProvider Time)
{
    private const int UsualWidth = 80;
    private const int UsualHeight = 24;
    private const int StandardInput = 0;
    private const int StandardOutput = 1;
    private const int StandardError = 2;

    /// <summary>The file to which is written what providers say, absolute; null: to none.</summary>
    public string? Record { get; init; }

    /// <summary>Whether somebody is there who can be asked.</summary>
    public bool CanAsk => InputIsTerminal && Out.IsTerminal;

    /// <summary>Where a turn's activity is shown: beside its text on a screen, apart from it where the text goes to a file or a pipe.</summary>
    public Terminal Activity => Out.IsTerminal ? Out : Error;

    /// <param name="args">The command line: whether it wants colours has to be known before it is parsed, since also its errors have them.</param>
    public static Surroundings OfProcess(string[] args)
    {
        var plain = args.TakeWhile(a => a != "--").Contains(CommandTree.NoColor) || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } || Environment.GetEnvironmentVariable("TERM") is "dumb";
        return new Surroundings(
            Open(StandardOutput, !Console.IsOutputRedirected, plain),
            Open(StandardError, !Console.IsErrorRedirected, plain),
            new LazyInput(),
            !Console.IsInputRedirected,
            RealPath.Of(CurrentFolder()),
            Environment.GetEnvironmentVariable,
            TimeProvider.System);
    }

    // A folder that was deleted underneath the shell still has its sessions; what needs more of it says that it is gone.
    private static string CurrentFolder()
    {
        try
        {
            return Environment.CurrentDirectory;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Environment.GetEnvironmentVariable("PWD") is { } named && Path.IsPathFullyQualified(named) ? named : "/";
        }
    }

    private static Terminal Open(int descriptor, bool isTerminal, bool plain)
    {
        var width = isTerminal && Console.WindowWidth > 0 ? Console.WindowWidth : UsualWidth;
        var height = isTerminal && Console.WindowHeight > 0 ? Console.WindowHeight : UsualHeight;
        var writer = new StreamWriter(new OutputStream(OpenStream(descriptor)), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 4096);
        return new Terminal(writer, isTerminal, isTerminal && !plain, width, height);
    }

    // The console's own stream takes a reader that has gone for success, so that a follower piped into `head` would never end. A file
    // has no such reader, and must be written where other processes that share it left off, which only the console's stream does.
    private static Stream OpenStream(int descriptor)
    {
        var console = descriptor == StandardOutput ? Console.OpenStandardOutput() : Console.OpenStandardError();
        try
        {
            var direct = new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return direct.CanSeek ? console : direct;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Closed, or nothing that can be written to: the console's stream knows how to do without.
            return console;
        }
    }

    /// <summary>
    /// Opens the standard input when it is first read: most commands never do. Not through the console, which would edit lines itself
    /// instead of leaving that to the terminal, and keep what was typed ahead.
    /// </summary>
    private sealed class LazyInput : TextReader
    {
        private TextReader? _reader;

        private TextReader Reader => _reader ??= new StreamReader(
            OperatingSystem.IsWindows() ? Console.OpenStandardInput() : new FileStream(new SafeFileHandle(StandardInput, ownsHandle: false), FileAccess.Read, bufferSize: 0),
            new UTF8Encoding(false));

        public override int Peek() => Reader.Peek();

        public override int Read() => Reader.Read();

        public override int Read(char[] buffer, int index, int count) => Reader.Read(buffer, index, count);

        public override string? ReadLine() => Reader.ReadLine();

        public override ValueTask<int> ReadAsync(Memory<char> buffer, CancellationToken cancellationToken = default) =>
            Reader.ReadAsync(buffer, cancellationToken);

        public override Task<string> ReadToEndAsync(CancellationToken cancellationToken) => Reader.ReadToEndAsync(cancellationToken);
    }
}
