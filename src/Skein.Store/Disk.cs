using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skein.Store;

/// <summary>
/// Everything the store asks of the operating system, and the only file that makes system calls: .NET neither reports a failed fsync nor
/// flushes a folder, and its file locks can be turned off. Errors are <see cref="IOException"/>s with the system's own words. Tests
/// override it to make a disk fail.
/// </summary>
internal partial class Disk
{
    private const FileShare AnySharing = FileShare.ReadWrite | FileShare.Delete;
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnFolder = OwnFile | UnixFileMode.UserExecute;
    private const int Interrupted = 4;

    /// <summary>Makes a file that nobody else may read. It must not exist.</summary>
    public virtual SafeFileHandle Create(string path)
    {
        MakeFile(path, FileMode.CreateNew);
        return OpenWrite(path);
    }

    /// <exception cref="IOException">Also where the path is no file: to open a pipe would wait for somebody at its other end.</exception>
    public virtual SafeFileHandle OpenWrite(string path)
    {
        RequireFile(path);
        return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, AnySharing);
    }

    /// <inheritdoc cref="OpenWrite"/>
    public virtual SafeFileHandle OpenRead(string path)
    {
        RequireFile(path);
        return File.OpenHandle(path, FileMode.Open, FileAccess.Read, AnySharing);
    }

    public virtual int Read(SafeFileHandle file, Span<byte> into, long offset) => RandomAccess.Read(file, into, offset);

    public virtual void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or ArgumentOutOfRangeException or OperationCanceledException)
        {
            // What .NET makes of EPERM, EFBIG and ECANCELED: for a log each is a write that failed.
            throw new IOException(e.Message, e);
        }
    }

    public virtual void Truncate(SafeFileHandle file, long length)
    {
        try
        {
            RandomAccess.SetLength(file, length);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>Returns when what was written to the file would survive a power loss.</summary>
    public virtual void Flush(SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows())
        {
#pragma warning disable RS0030 // On Windows .NET does report a failed flush.
            RandomAccess.FlushToDisk(file);
#pragma warning restore RS0030
            return;
        }

        // fsync on macOS stops at the drive's own cache; some file systems there know no more than that.
        if (OperatingSystem.IsMacOS() && Fcntl(file, MacFullFlush) >= 0)
            return;

        while (FSync(file) < 0)
            ThrowUnlessInterrupted("fsync");
    }

    /// <summary>Returns when the names in the folder (files made, renamed, deleted) would survive a power loss.</summary>
    public virtual void FlushFolder(string path)
    {
        // Windows has no such call: NTFS journals names by itself.
        if (OperatingSystem.IsWindows())
            return;

        using var folder = OpenUnix(path, ReadOnly);
        Flush(folder);
    }

    /// <summary>How long a file is, and when it was last written: in ticks, as .NET tells it.</summary>
    /// <param name="opened">The folder, from <see cref="OpenFolder"/>: the system does not walk the whole path for each of a hundred thousand.</param>
    /// <exception cref="IOException">It is no file.</exception>
    public static (long Length, long Written) Measure(string folder, ReadOnlySpan<char> name, SafeFileHandle? opened = null)
    {
        if (opened is null)
        {
            var file = new FileInfo(Path.Join(folder, name));
            return (file.Length, file.LastWriteTimeUtc.Ticks);
        }

        // Nothing is left behind for the garbage collector: a hundred thousand times, that alone was felt at a start.
        Span<byte> about = stackalloc byte[StatLength];
        Span<byte> text = stackalloc byte[LongestFileName + 1];
        text[Encoding.UTF8.GetBytes(name, text[..^1])] = 0;
        if (StatX(opened, ref text[0], 0, StatBasic, ref about[0]) != 0)
            throw Failed("stat", Path.Join(folder, name));
        if (Owned(about).Type != RegularFile)
            RequireFile(Owned(about).Type, Path.Join(folder, name));
        var (seconds, nanoseconds) = (MemoryMarshal.Read<long>(about[112..]), MemoryMarshal.Read<uint>(about[120..]));
        return (MemoryMarshal.Read<long>(about[40..]), DateTime.UnixEpoch.Ticks + (seconds * TimeSpan.TicksPerSecond) + (nanoseconds / TimeSpan.NanosecondsPerTick));
    }

    /// <summary>A folder whose files are to be measured; null where the system has no way to do that quicker.</summary>
    public static SafeFileHandle? OpenFolder(string path) => OperatingSystem.IsLinux() ? OpenUnix(path, ReadOnly) : null;

    /// <summary>Gives a file another name, in place of what had it.</summary>
    public virtual void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Takes a file's name away. One that is not there is as good.</summary>
    public virtual void Delete(string path) => File.Delete(path);

    /// <summary>Makes the folder, and those above it that are missing, for this user alone. What exists is left as it is.</summary>
    public virtual void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnFolder);
    }

    /// <summary>Gives the lock back. Closing alone would not: a child that is just being started has a copy of the handle for a moment.</summary>
    public virtual void Unlock(SafeFileHandle held)
    {
        using (held)
        {
            if (!OperatingSystem.IsWindows() && FLock(held, LockRelease) < 0)
                throw Failed("flock");
        }
    }

    /// <summary>
    /// Takes the lock that the file stands for, until <see cref="Unlock"/>; null when another process has it. The file is made when it
    /// is missing and never deleted: whoever deletes it makes a second lock, which is noticed here by its inode.
    /// </summary>
    public virtual SafeFileHandle? TryLock(string path)
    {
        if (OperatingSystem.IsWindows())
            return TryLockWindows(path);

        while (true)
        {
            MakeLockFile(path);
            var file = OpenUnix(path, ReadWrite);
            var locked = false;
            try
            {
                locked = Lock(file) && IsStillNamed(file, path);
                if (locked)
                    return file;
                if (IsStillNamed(file, path))
                    return null;
            }
            finally
            {
                if (!locked)
                    file.Dispose();
            }
        }
    }

    /// <summary>The user that owns a path; null where the system has no such number.</summary>
    public virtual uint? OwnerOf(string path) => OperatingSystem.IsWindows() ? null : Look(path).Owner;

    /// <summary>The user as whom this process acts; null where the system has no such number.</summary>
    public virtual uint? CurrentUser => OperatingSystem.IsWindows() ? null : GetEUid();

    private static void MakeLockFile(string path)
    {
        try
        {
            MakeFile(path, FileMode.OpenOrCreate);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Somebody else made it at the same moment and has the lock already, which .NET met. What counts is told by our own attempt.
        }
    }

    private static void MakeFile(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = AnySharing, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            // The lock's file must not be opened by .NET where it exists: it would meet the lock of its holder.
            if (mode == FileMode.OpenOrCreate && File.Exists(path))
                return;
            options.UnixCreateMode = OwnFile;
        }

        using var made = new FileStream(path, options);
    }

    private static SafeFileHandle? TryLockWindows(string path)
    {
        const int sharingViolation = unchecked((int)0x80070020);
        try
        {
            return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == sharingViolation)
        {
            return null;
        }
    }

    private static bool Lock(SafeFileHandle file)
    {
        while (FLock(file, LockExclusive | LockWithoutWaiting) < 0)
        {
            if (Marshal.GetLastPInvokeError() == (OperatingSystem.IsMacOS() ? 35 : 11))
                return false;
            ThrowUnlessInterrupted("flock");
        }

        return true;
    }

    private static bool IsStillNamed(SafeFileHandle file, string path)
    {
        try
        {
            return Look(file).Inode == Look(path).Inode;
        }
        catch (IOException) when (!File.Exists(path))
        {
            return false;
        }
    }

    private static SafeFileHandle OpenUnix(string path, int how)
    {
        while (true)
        {
            var file = Open(path, how | (OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000));
            if (!file.IsInvalid)
                return file;

            file.Dispose();
            ThrowUnlessInterrupted("open", path);
        }
    }

    private static void RequireFile(string path)
    {
        // That it is not there is told by opening it.
        Span<byte> about = stackalloc byte[StatLength];
        if (!OperatingSystem.IsWindows() && TryLook(path, about))
            RequireFile(Owned(about).Type, path);
    }

    private static void RequireFile(int type, string path)
    {
        if (type != RegularFile)
            throw new IOException($"{path} is {type switch { 0x4000 => "a folder", 0x1000 => "a pipe", 0xC000 => "a socket", _ => "a device" }}, not a file");
    }

    private static (uint Owner, ulong Inode, int Type) Look(string path)
    {
        Span<byte> about = stackalloc byte[StatLength];
        return TryLook(path, about) ? Owned(about) : throw Failed("stat", path);
    }

    private static bool TryLook(string path, Span<byte> about) => 0 == (OperatingSystem.IsMacOS()
        ? IsIntelMac ? StatIntelMac(path, ref about[0]) : Stat(path, ref about[0])
        : StatX(CurrentFolder, path, 0, StatBasic, ref about[0]));

    private static (uint Owner, ulong Inode, int Type) Look(SafeFileHandle file)
    {
        var about = new byte[StatLength];
        byte nothing = 0;
        var result = OperatingSystem.IsMacOS()
            ? IsIntelMac ? FStatIntelMac(file, ref about[0]) : FStat(file, ref about[0])
            : StatX(file, ref nothing, StatEmptyPath, StatBasic, ref about[0]);
        return result == 0 ? Owned(about) : throw Failed("stat");
    }

    // There the plain names are those of an older struct.
    private static bool IsIntelMac => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    // Linux: struct statx, the same on every processor. macOS: struct stat with 64-bit inodes.
    private static (uint Owner, ulong Inode, int Type) Owned(ReadOnlySpan<byte> about) => OperatingSystem.IsMacOS()
        ? (BinaryPrimitives.ReadUInt32LittleEndian(about[16..]), BinaryPrimitives.ReadUInt64LittleEndian(about[8..]), BinaryPrimitives.ReadUInt16LittleEndian(about[4..]) & FileType)
        : (MemoryMarshal.Read<uint>(about[20..]), MemoryMarshal.Read<ulong>(about[32..]), MemoryMarshal.Read<ushort>(about[28..]) & FileType);

    private static void ThrowUnlessInterrupted(string call, string? path = null)
    {
        if (Marshal.GetLastPInvokeError() != Interrupted)
            throw Failed(call, path);
    }

    private static IOException Failed(string call, string? path = null)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call}{(path is null ? "" : $" of {path}")}: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");
    }

    private const int ReadOnly = 0;
    private const int ReadWrite = 2;
    private const int LockExclusive = 2;
    private const int LockWithoutWaiting = 4;
    private const int LockRelease = 8;
    private const int MacFullFlush = 51;
    private const int CurrentFolder = -100;
    private const int StatEmptyPath = 0x1000;
    private const uint StatBasic = 0x7ff;
    private const int StatLength = 256;
    private const int LongestFileName = 255;
    private const int FileType = 0xF000;
    private const int RegularFile = 0x8000;

    // Only the fixed arguments of the variadic open and fcntl are passed: a third would go elsewhere on Apple's processors.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(SafeFileHandle file, int command);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEUid();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref byte about);

    /// <param name="path">Its bytes, with a 0 at their end.</param>
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int StatX(SafeFileHandle folder, ref byte path, int flags, uint mask, ref byte about);

    [LibraryImport("libc", EntryPoint = "stat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(string path, ref byte about);

    [LibraryImport("libc", EntryPoint = "fstat", SetLastError = true)]
    private static partial int FStat(SafeFileHandle file, ref byte about);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatIntelMac(string path, ref byte about);

    [LibraryImport("libc", EntryPoint = "fstat$INODE64", SetLastError = true)]
    private static partial int FStatIntelMac(SafeFileHandle file, ref byte about);
}
