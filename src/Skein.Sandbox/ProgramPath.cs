namespace Skein.Sandbox;

/// <summary>Finds the file of a program the way the child itself would: in its own PATH, not in ours.</summary>
public static class ProgramPath
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <param name="program">A path, relative to <paramref name="folder"/>, or a name.</param>
    /// <returns>The absolute path; null when no such program can be run.</returns>
    public static string? Find(string program, string folder, IReadOnlyDictionary<string, string> environment)
    {
        if (program.Contains('/'))
            return Runnable(Path.GetFullPath(program, folder));

        // An empty entry would mean the current folder: what happens to lie in a workspace is never run by its name alone.
        foreach (var entry in environment.GetValueOrDefault("PATH", "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Path.IsPathRooted(entry) && Runnable(Path.Combine(entry, program)) is { } path)
                return path;
        }

        return null;
    }

    private static string? Runnable(string path) =>
        File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & AnyExecute) != 0) ? path : null;
}
