using System.Text;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Server;

/// <summary>
/// What a running server leaves in its home for its user's other programs: <c>server.json</c> (where it is) and, when it listens on TCP,
/// <c>server.token</c> (what to show there). Only the user can read them; a clean stop takes them away.
/// </summary>
internal sealed class ServerFiles(string home)
{
    private readonly string _info = Path.Combine(home, "server.json");
    private readonly string _token = Path.Combine(home, "server.token");

    public void Write(ServerInfo info, string? token)
    {
        // The token first: who finds the server finds its token.
        if (token is null)
            File.Delete(_token);
        else
            Replace(_token, Encoding.ASCII.GetBytes(token + "\n"));
        Replace(_info, JsonSerializer.SerializeToUtf8Bytes(info, SkeinJson.Relaxed.ServerInfo));
    }

    public void Remove()
    {
        File.Delete(_info);
        File.Delete(_token);
    }

    // Written aside and renamed, so that a reader sees the old one or the new one, whole.
    private static void Replace(string path, byte[] content)
    {
        var aside = path + ".new";
        File.Delete(aside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(aside, options))
            file.Write(content);
        File.Move(aside, path, overwrite: true);
    }
}
