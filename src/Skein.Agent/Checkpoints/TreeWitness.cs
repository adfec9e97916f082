using System.IO.Enumeration;
using Skein.Sandbox;

namespace Skein.Agent.Checkpoints;

/// <summary>
/// What a workspace was when git last said that it is as its snapshot has it: by it a later look tells, without git, that it still is. What it
/// cannot tell is git's to say. A stamp counts only when it is older than the moment it was taken by more than a clock's tick: within one, a
/// file can be written twice and look the same.
/// </summary>
internal sealed class TreeWitness
{
    /// <summary>Above so many names git, which keeps a cache of its own, is as fast.</summary>
    public const int MostNames = 20_000;

    private const int MostEmpty = 100;
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(20);
    private static readonly EnumerationOptions s_all = new() { AttributesToSkip = 0, IgnoreInaccessible = false, ReturnSpecialDirectories = false };

    private readonly Dictionary<string, FileStatus?> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileStatus?> _folders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ignored = new(StringComparer.Ordinal);

    /// <summary>Names that it has.</summary>
    public int Count => _files.Count + _folders.Count + _ignored.Count;

    /// <summary>Whether a status was surely taken after the last change that it tells of.</summary>
    /// <param name="moment">Not after it was taken.</param>
    public static bool IsSettled(FileStatus status, DateTimeOffset moment)
    {
        // A disk without nanoseconds tells whole seconds, or two.
        var tick = status.Changed % 1_000_000_000 == 0 ? TimeSpan.FromSeconds(3) : s_tick;
        var before = (moment - tick - DateTimeOffset.UnixEpoch).Ticks * 100;
        return status.Changed < before && status.Modified < before;
    }

    /// <summary>What lies in a folder, whatever it is.</summary>
    public static IEnumerable<string> NamesIn(string folder) =>
        new FileSystemEnumerable<string>(folder, static (ref FileSystemEntry entry) => entry.FileName.ToString(), s_all);

    /// <summary>Whether a folder has nothing but such folders.</summary>
    public static bool IsEmpty(string folder)
    {
        var left = MostEmpty;
        return IsEmpty(folder, ref left);
    }

    public bool HasFile(string path) => _files.ContainsKey(path);

    public bool HasFolder(string path) => _folders.ContainsKey(path);

    /// <param name="status">Null: there is to be nothing.</param>
    public void AddFile(string path, FileStatus? status) => _files[path] = status;

    /// <param name="status">Null: to be listed again.</param>
    public void AddFolder(string path, FileStatus? status) => _folders[path] = status;

    public void AddIgnored(string path, FileStatus status) => _ignored[path] = status.Kind;

    /// <summary>Whether the workspace surely is as it was.</summary>
    /// <param name="now">The time before this.</param>
    public bool IsUnchanged(DateTimeOffset now)
    {
        try
        {
            // Folders first: below one that became a link nothing is to be believed.
            foreach (var (folder, known) in _folders.ToArray())
            {
                if (FileStatus.Of(folder) is not { IsFolder: true } status || (status != known && !IsKnown(folder, status, now)))
                    return false;
            }

            foreach (var (file, known) in _files)
            {
                if (FileStatus.Of(file) != known)
                    return false;
            }

            return Count <= MostNames;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // A folder was touched: what is new in it must be without files, and what is ignored of the same kind, since rules tell them apart.
    private bool IsKnown(string folder, FileStatus status, DateTimeOffset now)
    {
        foreach (var path in NamesIn(folder).Select(name => Path.Combine(folder, name)))
        {
            if (_files.TryGetValue(path, out var file) && file is not null || _folders.ContainsKey(path))
                continue;
            var there = FileStatus.Of(path);
            if (there is null || (_ignored.TryGetValue(path, out var kind) && kind == there.Value.Kind))
                continue;
            if (!there.Value.IsFolder || !AddEmpty(path))
                return false;
        }

        _folders[folder] = IsSettled(status, now) ? status : null;
        return true;
    }

    private bool AddEmpty(string folder)
    {
        if (!IsEmpty(folder))
            return false;

        // Listed again at the next look, which is when it counts.
        _folders[folder] = null;
        return NamesIn(folder).All(name => AddEmpty(Path.Combine(folder, name)));
    }

    private static bool IsEmpty(string folder, ref int left)
    {
        foreach (var path in NamesIn(folder).Select(name => Path.Combine(folder, name)))
        {
            if (--left < 0 || FileStatus.Of(path) is not { IsFolder: true } || !IsEmpty(path, ref left))
                return false;
        }

        return true;
    }
}
