namespace Skein.Sandbox;

/// <summary>Paths without links, so that what is checked is what is used.</summary>
public static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>
    /// The path with every link in it followed, also one that leads nowhere. What does not exist yet is appended as it is to its nearest
    /// existing parent.
    /// </summary>
    /// <param name="path">Absolute.</param>
    /// <exception cref="IOException">More than 40 links, as in a circle.</exception>
    public static string Of(string path)
    {
        var todo = new Stack<string>();
        var root = Push(todo, Path.GetFullPath(path));
        var real = root;
        var links = 0;
        while (todo.TryPop(out var name))
        {
            if (name == "..")
            {
                real = Path.GetDirectoryName(real) ?? root;
                continue;
            }

            var next = Path.Combine(real, name);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MostLinks)
                throw new IOException($"'{path}' leads through more than {MostLinks} links.");

            // Not made full first: '..' behind a link means the parent of where the link leads.
            if (Path.IsPathRooted(target))
                real = root = Push(todo, target);
            else
                Push(todo, target);
        }

        return real;
    }

    /// <summary>
    /// What is known of the file that a path leads to; of a link the system tells the link's own size and times. A size of 0 may also be a pipe
    /// or a device, which to read would never end.
    /// </summary>
    public static FileInfo FileAt(string path)
    {
        var file = new FileInfo(path);
        try
        {
            return file.LinkTarget is null ? file : new FileInfo(Of(path));
        }
        catch (IOException)
        {
            // Links in a circle: to open it fails, and tells so.
            return file;
        }
    }

    /// <summary>Whether a path is a folder or below it; both without links.</summary>
    public static bool IsWithin(string folder, string path) =>
        path == folder
        || path.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <returns>The root of the path, empty for a relative one.</returns>
    private static string Push(Stack<string> todo, string path)
    {
        var root = Path.GetPathRoot(path) ?? "";
        var names = path[root.Length..].Split(
            [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
        for (var i = names.Length - 1; i >= 0; i--)
        {
            if (names[i] != ".")
                todo.Push(names[i]);
        }

        return root;
    }
}
