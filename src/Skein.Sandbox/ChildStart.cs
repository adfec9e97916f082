namespace Skein.Sandbox;

/// <summary>A program to run as a child process.</summary>
/// <param name="Program">A path (relative to <paramref name="Folder"/>), or a name that is looked for in the child's own <c>PATH</c>.</param>
/// <param name="Arguments">Without the program itself.</param>
/// <param name="Folder">The working folder: absolute, and it exists.</param>
/// <param name="Environment">All of the environment: nothing is inherited.</param>
public sealed record ChildStart(
    string Program, IReadOnlyList<string> Arguments, string Folder, IReadOnlyDictionary<string, string> Environment)
{
    public ChildInput Input { get; init; } = ChildInput.Nothing;

    public ChildOutput Output { get; init; } = ChildOutput.Separate;

    /// <summary>
    /// <see cref="ChildProcess.Output"/> is read by a thread of its own, on which whoever waits for it goes on: for a program that says much in
    /// small pieces.
    /// </summary>
    public bool IsReadByThread { get; init; }

    /// <summary>
    /// It outlives this process and is never killed by disposing. It then can have no pipes: their other end would die with us.
    /// </summary>
    public bool Detached { get; init; }

    /// <summary>
    /// Its group is killed also where this process dies without a chance to do it, at the price of a shell that waits for that, and on Linux with
    /// it what comes from it outside of its group; a sandbox sees to it by itself. Not for one that is detached.
    /// </summary>
    public bool EndsWithUs { get; init; }
}

/// <summary>What a child reads as its standard input.</summary>
public abstract record ChildInput
{
    private ChildInput() { }

    /// <summary>The end of the file, at once.</summary>
    public static ChildInput Nothing { get; } = new NoInput();

    /// <summary>What is written to <see cref="ChildProcess.Input"/>.</summary>
    public static ChildInput Piped { get; } = new PipedInput();

    /// <summary>This text as UTF-8, then the end of the file.</summary>
    public static ChildInput Text(string text) => new TextInput(text);

    /// <summary>
    /// What is typed at the terminal of this process, which nobody else must read meanwhile. The child stays in this process's group, as
    /// the terminal asks of a program that reads from it.
    /// </summary>
    public static ChildInput Terminal { get; } = new TerminalInput();

    internal sealed record NoInput : ChildInput;

    internal sealed record TerminalInput : ChildInput;

    internal sealed record PipedInput : ChildInput;

    internal sealed record TextInput(string Content) : ChildInput;
}

/// <summary>Where a child's standard output and standard error go.</summary>
public abstract record ChildOutput
{
    private ChildOutput() { }

    /// <summary>To <see cref="ChildProcess.Output"/> and <see cref="ChildProcess.Errors"/>; read both, a full pipe stops the child.</summary>
    public static ChildOutput Separate { get; } = new SeparateOutput();

    /// <summary>Both to <see cref="ChildProcess.Output"/>, in the order they were written.</summary>
    public static ChildOutput Merged { get; } = new MergedOutput();

    /// <summary>Nowhere.</summary>
    public static ChildOutput Discarded { get; } = new FileOutput("/dev/null");

    /// <summary>Where those of this process go.</summary>
    public static ChildOutput Terminal { get; } = new TerminalOutput();

    /// <summary>Both are appended to a file; it is made, for the user alone, where it is missing.</summary>
    /// <param name="path">Absolute; its folder exists.</param>
    public static ChildOutput ToFile(string path) => new FileOutput(path);

    internal sealed record SeparateOutput : ChildOutput;

    internal sealed record MergedOutput : ChildOutput;

    internal sealed record TerminalOutput : ChildOutput;

    internal sealed record FileOutput(string Path) : ChildOutput;
}

/// <summary>How a child ended.</summary>
/// <param name="Code">Its exit code; 128 and the signal's number where a signal ended it, as shells have it.</param>
/// <param name="Signal">The signal that ended it.</param>
public readonly record struct ChildExit(int Code, int? Signal);

/// <summary>A child process could not be started. The message names the program and says why.</summary>
public sealed class ChildStartException(string program, string message) : Exception(message)
{
    public string Program { get; } = program;
}
