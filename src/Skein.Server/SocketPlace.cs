using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Skein.Core;

namespace Skein.Server;

/// <summary>Where the Unix socket stands: in a folder of its own in the home, or, where that path is too long, in a short one.</summary>
internal static class SocketPlace
{
    public const string FileName = "skein.sock";

    // sockaddr_un holds 108 bytes on Linux and 104 on macOS, the last one a zero.
    private static readonly int s_longest = OperatingSystem.IsMacOS() ? 103 : 107;

    /// <summary>The path of the home's socket.</summary>
    /// <param name="runtimeFolder">The user's runtime folder (<c>XDG_RUNTIME_DIR</c>); one that is missing or another user's does not count.</param>
    public static string Of(string home, string? runtimeFolder)
    {
        var path = Path.Combine(home, "run", FileName);
        if (Fits(path))
            return path;

        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(home)).AsSpan(0, 8));
        if (!string.IsNullOrEmpty(runtimeFolder) && Path.IsPathFullyQualified(runtimeFolder) && OwnFolder.IsOwn(runtimeFolder)
            && Path.Combine(runtimeFolder, $"skein-{name}", FileName) is var own && Fits(own))
        {
            return own;
        }

        return Path.Combine(OperatingSystem.IsWindows() ? Path.GetTempPath() : "/tmp", $"skein-{OwnFolder.User()}-{name}", FileName);
    }

    /// <summary>Makes the place ready to be bound: its folder is ours, and what a dead server left is gone.</summary>
    /// <exception cref="HomeException">The folder cannot be trusted, or another server listens there.</exception>
    public static async Task ClearAsync(string path, CancellationToken cancellationToken)
    {
        OwnFolder.Take(Path.GetDirectoryName(path)!);
        if (!OwnFolder.HasSocket(path))
            return;

        if (await IsServedAsync(path, cancellationToken))
            throw new HomeException($"Another server listens at '{path}'.");
        File.Delete(path);
    }

    private static bool Fits(string path) => Encoding.UTF8.GetByteCount(path) <= s_longest;

    private static async Task<bool> IsServedAsync(string path, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
