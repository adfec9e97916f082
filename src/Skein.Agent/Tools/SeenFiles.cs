using System.Collections.Concurrent;

namespace Skein.Agent.Tools;

/// <summary>
/// The files that a session has read or written, as they were then: what others changed since is not changed again unseen. Told by time and
/// size, so that a large file is not read twice.
/// </summary>
internal sealed class SeenFiles
{
    // Beyond that it begins anew: a file that is not known is taken as it is.
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<string, Stamp> _files = new(StringComparer.Ordinal);

    /// <summary>How a file is now; taken before it is read, so that what changes meanwhile shows.</summary>
    public static Stamp Look(string path) => new FileInfo(path) is { Exists: true } file ? new Stamp(file.LastWriteTimeUtc, file.Length) : default;

    /// <param name="path">Without links.</param>
    public void Note(string path, Stamp stamp)
    {
        if (_files.Count >= Most)
            _files.Clear();
        _files[path] = stamp;
    }

    /// <exception cref="ToolInputException">It is another than the session saw last.</exception>
    public void RequireUnchanged(ToolPath path)
    {
        if (!File.Exists(path.Real))
            _files.TryRemove(path.Real, out _);
        else if (_files.TryGetValue(path.Real, out var seen) && seen != Look(path.Real))
            throw new ToolInputException($"'{path.Subject}' was changed by somebody else since you saw it last: read it again, then make your change to what is there now.");
    }

    internal readonly record struct Stamp(DateTime Modified, long Length);
}
