using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Skein.Core;

namespace Skein.Cli.Composition;

/// <summary>Whose a folder is. What stands in another user's folder may be a trap, also for root, who could write there.</summary>
internal static class FolderOwner
{
    /// <summary>Refuses a folder of another user; one that is not there is nobody's.</summary>
    /// <exception cref="HomeException"/>
    public static void Require(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;

        // .NET tells the mode of a file but not its owner. Its own library does: flags, mode, user, 32 bits each, on every system.
        var status = new byte[256];
        if (Stat(folder, status) != 0)
            return;
        var (owner, user) = (BinaryPrimitives.ReadUInt32LittleEndian(status.AsSpan(8)), GetEffectiveUser());
        if (owner != user)
            throw new HomeException($"The home {folder} belongs to user {owner}, and this is user {user}: it must be your own.");
    }

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_Stat")]
    private static extern int Stat([MarshalAs(UnmanagedType.LPUTF8Str)] string path, byte[] status);

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_GetEUid")]
    private static extern uint GetEffectiveUser();
}
