using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skein.Sandbox;

/// <summary>
/// The system calls that .NET has no name for. Opaque structures are given as buffers larger than any libc's; variadic functions are
/// avoided, since their calling convention differs on Apple's ARM machines.
/// </summary>
internal static class Native
{
    /// <summary>Larger than posix_spawnattr_t (336 bytes in glibc), posix_spawn_file_actions_t, sigset_t, siginfo_t, struct sigaction.</summary>
    public const int OpaqueSize = 1024;

    public const int SigInt = 2;
    public const int SigKill = 9;
    public const int NoSuchProcess = 3;
    public const int Interrupted = 4;
    public const int NotPermitted = 1;
    public const int NoChild = 10;
    public const int NoEntry = 2;
    public const int NoDevice = 6;
    public static readonly int TooManyLinks = OperatingSystem.IsMacOS() ? 62 : 40;
    public const short PollIn = 1;

    public static readonly int SigChild = OperatingSystem.IsMacOS() ? 20 : 17;
    public static readonly int SigStop = OperatingSystem.IsMacOS() ? 17 : 19;

    public const int SpawnSetSignalDefaults = 0x04;
    public const int SpawnSetSignalMask = 0x08;
    public static readonly int SpawnSetSession = OperatingSystem.IsMacOS() ? 0x400 : 0x80;

    /// <summary>macOS closes every descriptor that no file action names.</summary>
    public const int SpawnCloseByDefault = 0x4000;

    public const int OpenRead = 0;
    public static readonly int OpenAppend = OperatingSystem.IsMacOS() ? 0x1 | 0x200 | 0x8 : 0x1 | 0x40 | 0x400;

    /// <summary>The limit of open files.</summary>
    public static readonly int OpenFiles = OperatingSystem.IsMacOS() ? 8 : 7;

    public const int WaitForProcess = 1;
    public static readonly int WaitExitedNoReap = OperatingSystem.IsMacOS() ? 0x4 | 0x20 : 0x4 | 0x1000000;

    // Read only, and never waiting: a pipe's other end may never come. No link, on macOS nowhere in the path: on Linux the bit for the
    // last name is another one on ARM than on x86.
    private static readonly int s_openPlain = OperatingSystem.IsMacOS()
        ? 0x4 | 0x20000000 | 0x1000000
        : 0x800 | CloseOnExecFlag | (RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 ? 0x8000 : 0x20000);

    // Only to look up what is in it.
    private const int OpenPath = 0x200000;
    private const nint OpenAt2 = 437;
    private const int CurrentFolder = -100;
    private const ulong WithoutLinks = 0x04;
    private const int NoSuchCall = 38;

    private const int CloseOnExecFlag = 0x80000;
    private const int SetDescriptorFlags = 2;

    [DllImport("libc")]
    public static extern int posix_spawn(out int pid, byte[] path, byte[] actions, byte[] attributes, nint[] argv, nint[] envp);

    [DllImport("libc")]
    public static extern int posix_spawnattr_init(byte[] attributes);

    [DllImport("libc")]
    public static extern int posix_spawnattr_destroy(byte[] attributes);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setflags(byte[] attributes, short flags);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setsigdefault(byte[] attributes, byte[] signals);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setsigmask(byte[] attributes, byte[] signals);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_init(byte[] actions);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_destroy(byte[] actions);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_adddup2(byte[] actions, int from, int to);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_addopen(byte[] actions, int descriptor, byte[] path, int flags, uint mode);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_addchdir_np(byte[] actions, byte[] path);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_addclosefrom_np(byte[] actions, int from);

    [DllImport("libc")]
    public static extern int sigemptyset(byte[] signals);

    [DllImport("libc")]
    public static extern int sigfillset(byte[] signals);

    [DllImport("libc")]
    public static extern int sigdelset(byte[] signals, int signal);

    [DllImport("libc", SetLastError = true)]
    public static extern int sigaction(int signal, byte[]? set, byte[]? old);

    [DllImport("libc", SetLastError = true)]
    public static extern int kill(int pid, int signal);

    [DllImport("libc", SetLastError = true)]
    public static extern int waitid(int kind, int pid, byte[] info, int options);

    [DllImport("libc", SetLastError = true)]
    public static extern int waitpid(int pid, out int status, int options);

    [DllImport("libc", SetLastError = true)]
    public static extern int poll([In, Out] PollDescriptor[] descriptors, nuint count, int milliseconds);

    [DllImport("libc", SetLastError = true)]
    public static extern nint read(int descriptor, ref byte into, nint count);

    [DllImport("libc", SetLastError = true)]
    public static extern nint write(int descriptor, byte[] bytes, nint count);

    [DllImport("libc", SetLastError = true)]
    public static extern int getrlimit(int resource, out ResourceLimit limit);

    [DllImport("libc", SetLastError = true)]
    public static extern int setrlimit(int resource, in ResourceLimit limit);

    [DllImport("libc", EntryPoint = "pipe", SetLastError = true)]
    private static extern int Pipe(int[] ends);

    [DllImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static extern int Pipe2(int[] ends, int flags);

    [DllImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static extern int Dup(int descriptor);

    [DllImport("libc", SetLastError = true)]
    public static extern int close(int descriptor);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static extern int Fcntl(int descriptor, int command, int argument);

    [DllImport("libc", EntryPoint = "creat", SetLastError = true)]
    private static extern nint Create(byte[] path, uint mode);

    // Its third argument, the variadic one, is only looked at where a file is made.
    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern nint Open(byte[] path, int flags);

    // Of Linux alone, where calls of variadic functions are like all others.
    [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static extern nint OpenAt(nint number, nint folder, byte[] path, ulong[] how, nint size);

    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static extern int FLock(int descriptor, int operation);

    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }

    public struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }

    /// <summary>Opens an empty file, and waits until nobody else has it locked; closing it ends that. The runtime's own files would lock themselves.</summary>
    public static SafeFileHandle OpenLocked(string path)
    {
        var file = new SafeFileHandle(Create(Encoding.UTF8.GetBytes(path + '\0'), 0x180 /* 0600 */), ownsHandle: true);
        if (file.IsInvalid)
            throw new IOException($"'{path}' could not be opened: {LastError()}.");

        while (FLock((int)file.DangerousGetHandle(), 2) != 0)
        {
            if (Marshal.GetLastPInvokeError() == Interrupted)
                continue;

            var error = LastError();
            file.Dispose();
            throw new IOException($"'{path}' could not be locked: {error}.");
        }

        return file;
    }

    /// <summary>
    /// Opens for reading what no link leads to, neither its name nor a folder above it, without the lock and the questions of the
    /// runtime's own files.
    /// </summary>
    /// <param name="path">Absolute, without <c>..</c>.</param>
    /// <returns>Invalid, and the system's error.</returns>
    public static (SafeFileHandle File, int Error) OpenPlain(string path) => OpenPlain(path, s_openPlain);

    /// <summary>The same for a folder of Linux, which need not be readable.</summary>
    public static (SafeFileHandle Folder, int Error) OpenFolder(string path) => OpenPlain(path, OpenPath | CloseOnExecFlag);

    private static (SafeFileHandle File, int Error) OpenPlain(string path, int flags)
    {
        var name = Encoding.UTF8.GetBytes(path + '\0');
        if (!OperatingSystem.IsLinux())
            return Result(Open(name, flags));

        ulong[] how = [(ulong)flags, 0, WithoutLinks];
        var opened = Result(OpenAt(OpenAt2, CurrentFolder, name, how, sizeof(ulong) * how.Length));
        if (opened.Error is not (NoSuchCall or NotPermitted))
            return opened;

        // Kernels before 5.6, and containers that hide the call: looked at afterwards.
        opened = Result(Open(name, flags));
        if (opened.Error != 0 || new FileInfo($"/proc/self/fd/{opened.File.DangerousGetHandle()}").LinkTarget == path)
            return opened;
        opened.File.Dispose();
        return (new SafeFileHandle(), TooManyLinks);
    }

    private static (SafeFileHandle File, int Error) Result(nint descriptor)
    {
        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        return (file, file.IsInvalid ? Marshal.GetLastPInvokeError() : 0);
    }

    /// <summary>A pipe whose ends are not 0, 1 or 2: those numbers are the child's, and a copy onto itself would be closed.</summary>
    public static (int Read, int Write) CreatePipe()
    {
        var ends = new int[2];
        var result = OperatingSystem.IsMacOS() ? Pipe(ends) : Pipe2(ends, CloseOnExecFlag);
        if (result != 0)
            throw new IOException($"No pipe could be made: {LastError()}.");

        return (Above2(ends[0]), Above2(ends[1]));
    }

    /// <summary>
    /// For systems whose posix_spawn cannot close what it was not given: marks everything that this process itself inherited, so that
    /// it is not passed on. What .NET opens is marked already.
    /// </summary>
    public static void MarkAllCloseOnExec()
    {
        if (!Directory.Exists("/proc/self/fd"))
            return;

        foreach (var entry in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (int.TryParse(Path.GetFileName(entry), out var descriptor) && descriptor > 2)
                _ = Fcntl(descriptor, SetDescriptorFlags, 1); // The folder's own descriptor is gone by now: no error.
        }
    }

    public static string LastError() => Describe(Marshal.GetLastPInvokeError());

    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    private static int Above2(int descriptor)
    {
        if (descriptor > 2)
            return descriptor;

        var copy = Dup(descriptor);
        if (copy < 0)
            throw new IOException($"No pipe could be made: {LastError()}.");

        // Closed only after the next try, else the same number would come back.
        var above = Above2(copy);
        _ = close(descriptor);
        return above;
    }
}
