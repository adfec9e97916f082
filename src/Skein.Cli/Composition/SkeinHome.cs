using System.Text.Json;
using Skein.Agent.Permissions;
using Skein.Agent.Settings;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Composition;

/// <summary>The folder that holds everything: <c>$SKEIN_HOME</c>, else <c>~/.skein</c>.</summary>
/// <param name="Path">Absolute.</param>
internal sealed record SkeinHome(string Path)
{
    public const string Variable = "SKEIN_HOME";

    /// <summary>Where the user's keys and trusted folders are: here, but for a home that is gone when its command ends.</summary>
    public string Own { get; init; } = Path;

    public string ServerFile => System.IO.Path.Combine(Path, "server.json");

    /// <summary>What a server in the background has to say.</summary>
    public string LogFile => System.IO.Path.Combine(Path, "server.log");

    /// <exception cref="HomeException">Nothing tells where it is.</exception>
    public static SkeinHome Of(Surroundings surroundings)
    {
        if (surroundings.Variable(Variable) is { Length: > 0 } named)
            return new SkeinHome(System.IO.Path.GetFullPath(named, surroundings.Folder));
        if (surroundings.Variable("HOME") is { Length: > 0 } home)
            return new SkeinHome(System.IO.Path.Combine(home, ".skein"));

        var profile = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return profile.Length > 0
            ? new SkeinHome(System.IO.Path.Combine(profile, ".skein"))
            : throw new HomeException($"Neither {Variable} nor HOME is set, so that there is no place for sessions: set {Variable} to a folder.");
    }

    /// <summary>What <c>server.json</c> tells; null when there is none. The server it tells of may be gone.</summary>
    /// <exception cref="HomeException">It cannot be read, or is not what a server wrote.</exception>
    public ServerInfo? FindServer()
    {
        try
        {
            return Read(File.ReadAllBytes(ServerFile));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException && !File.Exists(Path))
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new HomeException($"{ServerFile} is not what a server wrote ({e.Message}): if no server runs, delete it.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"The home {Path} cannot be read: {e.Message}", e);
        }
    }

    // By hand: every command reads this first, and the serializer takes longer to get ready than most commands to do their work.
    private static ServerInfo Read(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var info = document.RootElement;
        return new ServerInfo(
            info.GetProperty("pid").GetInt32(),
            Text("version"),
            Text("home"),
            Text("socket"),
            info.TryGetProperty("listen", out var listen) ? listen.GetString() : null,
            info.GetProperty("started_at").GetDateTimeOffset());

        string Text(string name) => info.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null.");
    }

    /// <summary>What TCP clients of the running server must show; null: it has none.</summary>
    public string? FindToken()
    {
        var file = System.IO.Path.Combine(Path, "server.token");
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }

    /// <summary>Whether a file or folder at the top of a home holds what its user set, allowed or answered.</summary>
    public static bool IsSettings(string name) =>
        name is ProviderKeys.FileName or RememberedPermissions.FileName or "trust.json" or "mcp.json" or "mcp" or "told" or "history";

    /// <summary>Makes the folder where it is missing, for its user alone.</summary>
    /// <exception cref="HomeException">It cannot be made or written, or is another user's.</exception>
    public void Prepare()
    {
        FolderOwner.Require(Path);
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(Path);
            else
                Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

            using var log = new FileStream(LogFile, OwnFiles.Appending());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"The home {Path} cannot be used: {e.Message}", e);
        }
    }
}
