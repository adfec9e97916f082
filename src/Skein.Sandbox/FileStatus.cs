using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Skein.Sandbox;

/// <summary>What the system tells of a name, whose link is not followed: enough to know whether what is behind it was touched.</summary>
/// <param name="Mode">The kind and the permissions.</param>
/// <param name="Modified">Nanoseconds since 1970.</param>
/// <param name="Changed">The same of the last change of content or status; nobody can set it.</param>
public readonly record struct FileStatus(int Mode, long Device, long Inode, long Size, long Modified, long Changed)
{
    private const int KindMask = 0xF000;
    private const int ReadByAll = 0x124; // 0444
    private const int NoSuchName = 2;

    /// <summary>The kind alone.</summary>
    public int Kind => Mode & KindMask;

    public bool IsFolder => Kind == 0x4000;

    public bool IsFile => Kind == 0x8000;

    public bool IsFileOrLink => IsFile || Kind == 0xA000;

    /// <summary>Its permissions let everybody read it.</summary>
    public bool IsReadByAll => (Mode & ReadByAll) == ReadByAll;

    /// <returns>Null: there is nothing of this name.</returns>
    /// <exception cref="IOException">It cannot be told.</exception>
    public static FileStatus? Of(string path)
    {
        // .NET's own library tells it in a layout that is the same on every system: flags, mode, user, group (32 bits each), size, then
        // seconds and nanoseconds of access, change of content, change of status and birth, device, device that it is, inode (64 each).
        Span<byte> told = stackalloc byte[256];
        if (LinkStatus(path, ref MemoryMarshal.GetReference(told)) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error == NoSuchName ? null : throw new IOException($"lstat of {path}: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");
        }

        return new FileStatus(
            BinaryPrimitives.ReadInt32LittleEndian(told[4..]), Long(told, 88), Long(told, 104), Long(told, 16),
            (Long(told, 40) * 1_000_000_000) + Long(told, 48), (Long(told, 56) * 1_000_000_000) + Long(told, 64));
    }

    private static long Long(ReadOnlySpan<byte> told, int at) => BinaryPrimitives.ReadInt64LittleEndian(told[at..]);

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_LStat", SetLastError = true)]
    private static extern int LinkStatus([MarshalAs(UnmanagedType.LPUTF8Str)] string path, ref byte status);
}
