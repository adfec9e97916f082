using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Skein.Core;

namespace Skein.Server;

/// <summary>
/// Folders and sockets that nobody else may touch. The one file of this part that knows of owners and modes; on Windows a folder in the
/// user's profile is the user's by inheritance, and nothing is checked here.
/// </summary>
internal static class OwnFolder
{
    public const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const int TypeMask = 0xF000;
    private const int LinkType = 0xA000;
    private const int SocketType = 0xC000;
    private const int FolderType = 0x4000;

    /// <summary>Makes the folder, or takes one that is ours, with mode 0700.</summary>
    /// <exception cref="HomeException">It is a link, no folder, or another user's.</exception>
    public static void Take(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        try
        {
            Directory.CreateDirectory(folder, OnlyOwner);
            Require(folder);

            // After the check: the mode of somebody else's folder is not ours to change. The umask may have taken bits away.
            File.SetUnixFileMode(folder, OnlyOwner);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"The folder '{folder}' for the server's socket cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Checks the home: links on the way to it are the user's own business, its owner and who may write to it are ours.</summary>
    /// <exception cref="HomeException">It is missing, another user's, or others may write to it.</exception>
    public static void RequireHome(string home)
    {
        if (!Directory.Exists(home))
            throw new HomeException($"There is no folder '{home}'.");
        if (OperatingSystem.IsWindows())
            return;

        var real = Directory.ResolveLinkTarget(home, returnFinalTarget: true)?.FullName ?? home;
        Require(real);
        if ((File.GetUnixFileMode(real) & WritableByOthers) != 0)
            throw new HomeException($"Others may write to '{real}': run chmod 700 on it.");
    }

    /// <summary>Whether there is a socket at the path.</summary>
    /// <exception cref="HomeException">There is something else.</exception>
    public static bool HasSocket(string path)
    {
        if (OperatingSystem.IsWindows())
            return File.Exists(path);
        if (Look(path) is not { } found)
            return false;
        return (found.Mode & TypeMask) == SocketType ? true : throw new HomeException($"'{path}' is not a socket: move it away.");
    }

    /// <summary>Whether it is a folder of ours: in another user's, what is ours could be exchanged.</summary>
    public static bool IsOwn(string folder) =>
        OperatingSystem.IsWindows() ? Directory.Exists(folder) : Look(folder) is { } found && (found.Mode & TypeMask) == FolderType && found.User == GetEffectiveUser();

    /// <summary>The user this process acts for; 0 on Windows.</summary>
    public static uint User() => OperatingSystem.IsWindows() ? 0 : GetEffectiveUser();

    private static void Require(string folder)
    {
        if (Look(folder) is not { } found)
            throw new HomeException($"There is no folder '{folder}'.");
        if ((found.Mode & TypeMask) == LinkType)
            throw new HomeException($"'{folder}' is a link: it must be a folder of its own.");
        if ((found.Mode & TypeMask) != FolderType)
            throw new HomeException($"'{folder}' is not a folder.");
        if (found.User != GetEffectiveUser())
            throw new HomeException($"The folder '{folder}' belongs to user {found.User}, this process to user {GetEffectiveUser()}.");
    }

    private static (int Mode, uint User)? Look(string path)
    {
        // .NET tells the mode of a file but not its owner. Its own library does, in a layout that is the same on every system:
        // flags, mode, user (32 bits each), then what is of no interest here.
        var status = new byte[256];
        return LinkStatus(path, status) == 0
            ? (BinaryPrimitives.ReadInt32LittleEndian(status.AsSpan(4)), BinaryPrimitives.ReadUInt32LittleEndian(status.AsSpan(8)))
            : null;
    }

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_LStat")]
    private static extern int LinkStatus([MarshalAs(UnmanagedType.LPUTF8Str)] string path, byte[] status);

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_GetEUid")]
    private static extern uint GetEffectiveUser();
}
