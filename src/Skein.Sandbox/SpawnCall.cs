using System.Runtime.InteropServices;
using System.Text;

namespace Skein.Sandbox;

/// <summary>One call of posix_spawn: own session and process group, signals as a new program expects them, only the given descriptors.</summary>
internal sealed class SpawnCall : IDisposable
{
    private static bool s_canCloseFrom = !OperatingSystem.IsMacOS();
    private static bool s_canChangeFolder = true;

    private readonly byte[] _actions = new byte[Native.OpaqueSize];
    private readonly byte[] _attributes = new byte[Native.OpaqueSize];
    private readonly string _program;

    /// <summary>The program stays in this process's session and group, so that it has the terminal.</summary>
    public bool KeepsTerminal { get; set; }

    public SpawnCall(string program)
    {
        _program = program;
        Check(Native.posix_spawn_file_actions_init(_actions));
        Check(Native.posix_spawnattr_init(_attributes));
    }

    public void Give(int descriptor, int number) => Check(Native.posix_spawn_file_actions_adddup2(_actions, descriptor, number));

    /// <summary>Its input is that of this process, of whose session and group it stays.</summary>
    public void ShareTerminal()
    {
        KeepsTerminal = true;
        Give(0, 0);
    }

    public void OpenForReading(string path, int number) =>
        Check(Native.posix_spawn_file_actions_addopen(_actions, number, Text(path), Native.OpenRead, 0));

    public void OpenForAppending(string path, int number) =>
        Check(Native.posix_spawn_file_actions_addopen(_actions, number, Text(path), Native.OpenAppend, 0x180 /* 0600 */));

    /// <param name="path">The program's file, absolute.</param>
    /// <returns>The child's pid, which is its session's and its group's id as well, unless it keeps the terminal.</returns>
    public int Run(string path, IReadOnlyList<string> arguments, string folder, IReadOnlyDictionary<string, string> environment)
    {
        SetAttributes();
        CloseTheRest();
        IReadOnlyList<string> argv = [_program, .. arguments];
        if (!TryChangeFolder(folder))
            (path, argv) = ThroughShell(path, arguments, folder);

        var strings = new List<nint>();
        try
        {
            var error = Native.posix_spawn(
                out var pid, Text(path), _actions, _attributes,
                Vector(argv, strings), Vector(environment.Select(static e => $"{e.Key}={e.Value}"), strings));
            return error == 0 ? pid : throw Failed(Native.Describe(error) + (File.Exists(path) ? "" : $" ({path})"));
        }
        finally
        {
            strings.ForEach(Marshal.FreeCoTaskMem);
        }
    }

    public void Dispose()
    {
        _ = Native.posix_spawn_file_actions_destroy(_actions);
        _ = Native.posix_spawnattr_destroy(_attributes);
    }

    /// <summary>Where posix_spawn cannot change the folder, a shell does and becomes the program.</summary>
    internal static (string Path, IReadOnlyList<string> Argv) ThroughShell(string path, IReadOnlyList<string> arguments, string folder) =>
        ("/bin/sh", ["sh", "-c", """cd -- "$1" && shift && exec "$@" """, "sh", folder, path, .. arguments]);

    private void SetAttributes()
    {
        // The runtime ignores SIGPIPE and may block others; a program that is started must find the defaults, or `yes | head` never ends.
        var all = new byte[Native.OpaqueSize];
        var none = new byte[Native.OpaqueSize];
        _ = Native.sigfillset(all);
        _ = Native.sigdelset(all, Native.SigKill);
        _ = Native.sigdelset(all, Native.SigStop);
        _ = Native.sigemptyset(none);
        Check(Native.posix_spawnattr_setsigdefault(_attributes, all));
        Check(Native.posix_spawnattr_setsigmask(_attributes, none));

        var flags = (KeepsTerminal ? 0 : Native.SpawnSetSession) | Native.SpawnSetSignalDefaults | Native.SpawnSetSignalMask;
        if (OperatingSystem.IsMacOS())
            flags |= Native.SpawnCloseByDefault;
        Check(Native.posix_spawnattr_setflags(_attributes, (short)flags));
    }

    private void CloseTheRest()
    {
        if (OperatingSystem.IsMacOS())
            return;

        if (s_canCloseFrom)
        {
            try
            {
                Check(Native.posix_spawn_file_actions_addclosefrom_np(_actions, 3));
                return;
            }
            catch (EntryPointNotFoundException)
            {
                s_canCloseFrom = false; // glibc before 2.34, musl
            }
        }

        Native.MarkAllCloseOnExec();
    }

    private bool TryChangeFolder(string folder)
    {
        if (!s_canChangeFolder)
            return false;

        try
        {
            Check(Native.posix_spawn_file_actions_addchdir_np(_actions, Text(folder)));
            return true;
        }
        catch (EntryPointNotFoundException)
        {
            return s_canChangeFolder = false; // glibc before 2.29, macOS before 10.15
        }
    }

    private void Check(int error)
    {
        if (error != 0)
            throw Failed(Native.Describe(error));
    }

    private ChildStartException Failed(string why) => new(_program, $"'{_program}' could not be started: {why}.");

    private static nint[] Vector(IEnumerable<string> texts, List<nint> strings)
    {
        var from = strings.Count;
        foreach (var text in texts)
            strings.Add(Marshal.StringToCoTaskMemUTF8(text));

        return [.. strings.Skip(from), 0];
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');
}
