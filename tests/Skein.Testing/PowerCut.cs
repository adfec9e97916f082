namespace Skein.Testing;

/// <summary>
/// What a folder tree would be after a power cut: of each file what was flushed, and of the names what flushed folders held. The rest
/// may have come to the disk by itself: of a file's changes the first ones, the last of them torn or with zeros in place of its end, or
/// any of them; of a folder's changes the first ones or any, whatever became of other folders.
/// </summary>
/// <remarks>
/// A name of a folder that is not on the disk is lost with it. A file that was renamed has its old name, its new one, or both. What one write adds
/// to a file's end comes to the disk from its beginning on, as file systems that journal have it.
/// </remarks>
internal sealed class PowerCut
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _folders = [];
    private readonly Dictionary<string, Image> _names = [];
    private readonly HashSet<string> _durableFolders = [];
    private readonly Dictionary<string, Image> _durableNames = [];
    private readonly Dictionary<string, List<NameChange>> _pending = [];

    /// <param name="Bytes">Null cuts or lengthens the file to <paramref name="Offset"/>.</param>
    internal sealed record Change(long Offset, byte[]? Bytes);

    /// <param name="File">Null takes the name away.</param>
    /// <param name="Needs">Does not come to the disk without it.</param>
    private sealed record NameChange(string Path, Image? File, bool IsFolder = false, NameChange? Needs = null);

    /// <summary>A file, whatever it is called: what of it is on the disk, and what is not yet.</summary>
    internal sealed class Image
    {
        internal byte[] Durable { get; set; } = [];
        internal List<Change> Changes { get; } = [];
    }

    public void Folder(string path)
    {
        lock (_gate)
        {
            // Those above that are missing are made as well.
            if (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } above && !Directory.Exists(above))
                Folder(above);
            if (!Directory.Exists(path) && _folders.Add(path))
                Later(path, new NameChange(path, null, IsFolder: true));
        }
    }

    public Image Created(string path)
    {
        lock (_gate)
        {
            var file = new Image();
            _names[path] = file;
            Later(path, new NameChange(path, file));
            return file;
        }
    }

    public Image? Find(string path)
    {
        lock (_gate)
            return _names.GetValueOrDefault(path);
    }

    public void Renamed(string from, string to)
    {
        lock (_gate)
        {
            if (!_names.Remove(from, out var file))
                return;
            _names[to] = file;
            var named = new NameChange(to, file);
            Later(to, named);
            Later(from, new NameChange(from, null, Needs: named));
        }
    }

    public void Deleted(string path)
    {
        lock (_gate)
        {
            if (_names.Remove(path))
                Later(path, new NameChange(path, null));
        }
    }

    public void Written(Image file, ReadOnlySpan<byte> bytes, long offset)
    {
        lock (_gate)
            file.Changes.Add(new Change(offset, bytes.ToArray()));
    }

    public void Truncated(Image file, long length)
    {
        lock (_gate)
            file.Changes.Add(new Change(length, null));
    }

    public void Flushed(Image file)
    {
        lock (_gate)
        {
            file.Durable = file.Changes.Aggregate(file.Durable, Apply);
            file.Changes.Clear();
        }
    }

    public void FolderFlushed(string path)
    {
        lock (_gate)
        {
            if (!_pending.Remove(path, out var changes))
                return;
            foreach (var change in changes)
                Take(change);
        }
    }

    /// <summary>Makes the files what the disk would have of them. Nobody may have them open for writing.</summary>
    public void Cut(Random random)
    {
        lock (_gate)
        {
            var pending = _pending.Values.SelectMany(c => c).ToHashSet(ReferenceEqualityComparer.Instance);
            var arrived = _pending.Values.SelectMany(changes => Arrived(changes, random)).ToHashSet(ReferenceEqualityComparer.Instance);
            foreach (var change in _pending.Values.SelectMany(c => c).Where(arrived.Contains))
            {
                if (change.Needs is not { } needs || arrived.Contains(needs) || !pending.Contains(needs))
                    Take(change);
            }

            _pending.Clear();
            LoseFolders();
            LoseNames();
            foreach (var (path, file) in _durableNames)
                Settle(path, file, random);
        }
    }

    private void LoseFolders()
    {
        bool IsThere(string folder) => _durableFolders.Contains(folder) || !_folders.Contains(folder);
        bool IsReachable(string? path) => path is null || (IsThere(path) && IsReachable(Path.GetDirectoryName(path)));
        foreach (var folder in _folders.Where(f => !IsReachable(f)).ToList())
        {
            _folders.Remove(folder);
            _durableFolders.Remove(folder);
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }

        foreach (var name in _durableNames.Keys.Where(n => !Directory.Exists(Path.GetDirectoryName(n))).ToList())
            _durableNames.Remove(name);
    }

    private void LoseNames()
    {
        foreach (var name in _names.Keys.Where(n => !_durableNames.ContainsKey(n)))
            File.Delete(name);
        var before = new Dictionary<string, Image>(_names);
        _names.Clear();
        foreach (var (name, file) in _durableNames)
        {
            _names[name] = file;

            // What was under that name, or is there no more, is not what the disk has.
            if (before.GetValueOrDefault(name) != file)
                File.WriteAllBytes(name, Current(file));
        }
    }

    private static void Settle(string path, Image file, Random random)
    {
        if (file.Changes.Count == 0)
            return;

        var changes = file.Changes;
        var arrived = Arrived(changes, random);
        file.Durable = arrived.Aggregate(file.Durable, Apply);
        if (arrived.Count < changes.Count && changes.Take(arrived.Count).SequenceEqual(arrived) && changes[arrived.Count] is { Bytes: { Length: > 0 } bytes } torn && random.Next(3) > 0)
        {
            var part = bytes.ToArray();
            var length = random.Next(bytes.Length);
            part.AsSpan(length).Clear();
            file.Durable = Apply(file.Durable, torn with { Bytes = random.Next(2) == 0 ? part : part[..length] });
        }

        file.Changes.Clear();
        var written = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, file.Durable);
        File.SetLastWriteTimeUtc(path, written);
    }

    // What of some changes came to the disk before anybody waited for it: the first ones, or any of them.
    private static List<T> Arrived<T>(List<T> changes, Random random)
    {
        if (random.Next(2) == 0)
            return changes[..random.Next(changes.Count + 1)];
        return [.. changes.Where(_ => random.Next(2) == 0)];
    }

    private static byte[] Current(Image file) => file.Changes.Aggregate(file.Durable, Apply);

    private static byte[] Apply(byte[] content, Change change)
    {
        var length = change.Bytes is null ? change.Offset : Math.Max(content.Length, change.Offset + change.Bytes.Length);
        var changed = new byte[length];
        content.AsSpan(0, (int)Math.Min(content.Length, length)).CopyTo(changed);
        change.Bytes?.CopyTo(changed, change.Offset);
        return changed;
    }

    private void Later(string path, NameChange change)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (!_pending.TryGetValue(folder, out var changes))
            _pending[folder] = changes = [];
        changes.Add(change);
    }

    private void Take(NameChange change)
    {
        if (change.IsFolder)
            _durableFolders.Add(change.Path);
        else if (change.File is null)
            _durableNames.Remove(change.Path);
        else
            _durableNames[change.Path] = change.File;
    }
}
