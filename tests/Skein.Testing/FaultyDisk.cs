using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using Skein.Store;

namespace Skein.Testing;

internal enum DiskCall { Write, Flush, FlushFolder, Truncate, Rename, Create, Read, Delete, Open, MakeFolder }

/// <summary>The real disk, but for the calls that were told to fail or to wait. Safe for use by many threads.</summary>
/// <param name="cache">Keeps account of what was not flushed, which nothing then really is; null: the machine's own cache does.</param>
internal sealed class FaultyDisk(PowerCut? cache = null) : Disk
{
    private readonly Lock _gate = new();
    private readonly ConditionalWeakTable<SafeFileHandle, string> _paths = [];
    private readonly ConditionalWeakTable<SafeFileHandle, PowerCut.Image> _images = [];
    private readonly List<Fault> _faults = [];
    private readonly Dictionary<(DiskCall, string), int> _counts = [];
    private int? _changesLeft;
    private int _tornAtTheEnd;
    private Fault? _next;
    private int _nextIn;
    private (DiskCall Call, string Path, ManualResetEventSlim Go, TaskCompletionSource Reached)? _held;

    /// <summary>Who the disk says owns what is not this user's; null: the truth.</summary>
    public uint? Owner { get; set; }

    /// <summary>Makes calls fail.</summary>
    /// <param name="path">A part of the path of the files whose calls fail.</param>
    /// <param name="times">How often; afterwards the disk works again.</param>
    /// <param name="tornAfter">Of a write: how many bytes still reach the file.</param>
    public void Fail(DiskCall call, string path, string error = "No space left on device", int times = 1, int tornAfter = 0)
    {
        lock (_gate)
            _faults.Add(new Fault(call, path, error, tornAfter) { Left = times });
    }

    /// <summary>After so many further calls, whatever they are, the next ones fail: any call may be the one.</summary>
    public void FailAfter(int calls, string error, int times, int tornAfter)
    {
        lock (_gate)
            (_nextIn, _next) = (calls, new Fault(DiskCall.Read, "", error, tornAfter) { Left = times });
    }

    /// <summary>Whether all that <see cref="FailAfter"/> asked for has failed.</summary>
    public bool HasFailed
    {
        get
        {
            lock (_gate)
                return _next is not { Left: > 0 };
        }
    }

    /// <summary>After so many further calls that change something, every one fails, as when the process is killed there.</summary>
    /// <param name="tornAfter">If the process is killed in a write: how many bytes still reach the file.</param>
    public void DieAfter(int changes, int tornAfter = 0)
    {
        lock (_gate)
            (_changesLeft, _tornAtTheEnd) = (changes, tornAfter);
    }

    /// <summary>Whether a call has met the end that <see cref="DieAfter"/> set.</summary>
    public bool IsDead
    {
        get
        {
            lock (_gate)
                return _changesLeft < 0;
        }
    }

    /// <summary>How many bytes reads asked for.</summary>
    public long BytesRead { get; private set; }

    public void Heal()
    {
        lock (_gate)
        {
            _faults.Clear();
            _changesLeft = null;
            _next = null;
        }
    }

    /// <summary>Calls so far, for files whose path ends so.</summary>
    public int Count(DiskCall call, string pathEnd)
    {
        lock (_gate)
            return _counts.Where(c => c.Key.Item1 == call && c.Key.Item2.EndsWith(pathEnd, StringComparison.Ordinal)).Sum(c => c.Value);
    }

    /// <inheritdoc cref="Hold"/>
    public Task HoldFlush(string path) => Hold(DiskCall.Flush, path);

    /// <summary>Makes flushes, or reads, of such a file wait until <see cref="Release"/>.</summary>
    /// <returns>Completes when one waits.</returns>
    public Task Hold(DiskCall call, string path)
    {
        lock (_gate)
        {
            _held = (call, path, new ManualResetEventSlim(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            return _held.Value.Reached.Task;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            _held?.Go.Set();
            _held = null;
        }
    }

    public override SafeFileHandle Create(string path)
    {
        Meet(DiskCall.Create, path);
        return Named(base.Create(path), path, cache?.Created(path));
    }

    public override SafeFileHandle OpenWrite(string path)
    {
        Meet(DiskCall.Open, path);
        return Named(base.OpenWrite(path), path, cache?.Find(path));
    }

    public override SafeFileHandle OpenRead(string path)
    {
        Meet(DiskCall.Open, path);
        return Named(base.OpenRead(path), path, cache?.Find(path));
    }

    public override int Read(SafeFileHandle file, Span<byte> into, long offset)
    {
        WaitWhileHeld(DiskCall.Read, PathOf(file));
        Meet(DiskCall.Read, PathOf(file));
        lock (_gate)
            BytesRead += into.Length;
        return base.Read(file, into, offset);
    }

    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        var fault = Find(DiskCall.Write, PathOf(file));
        var arriving = fault is null ? bytes : bytes[..Math.Min(fault.TornAfter, bytes.Length)];
        base.Write(file, arriving, offset);
        if (ImageOf(file) is { } image)
            cache!.Written(image, arriving, offset);
        if (fault is not null)
            throw new IOException(fault.Error);
    }

    public override void Truncate(SafeFileHandle file, long length)
    {
        Meet(DiskCall.Truncate, PathOf(file));
        base.Truncate(file, length);
        if (ImageOf(file) is { } image)
            cache!.Truncated(image, length);
    }

    public override void Flush(SafeFileHandle file)
    {
        WaitWhileHeld(DiskCall.Flush, PathOf(file));
        Meet(DiskCall.Flush, PathOf(file));
        if (cache is null)
            base.Flush(file);
        else if (ImageOf(file) is { } image)
            cache.Flushed(image);
    }

    public override void FlushFolder(string path)
    {
        Meet(DiskCall.FlushFolder, path);
        if (cache is null)
            base.FlushFolder(path);
        else
            cache.FolderFlushed(path);
    }

    public override void MakeFolder(string path)
    {
        Meet(DiskCall.MakeFolder, path);
        cache?.Folder(path);
        base.MakeFolder(path);
    }

    public override void Rename(string from, string to)
    {
        Meet(DiskCall.Rename, to);
        base.Rename(from, to);
        cache?.Renamed(from, to);
        foreach (var (file, path) in _paths.ToList())
        {
            if (path == from)
                _paths.AddOrUpdate(file, to);
        }
    }

    public override void Delete(string path)
    {
        Meet(DiskCall.Delete, path);
        base.Delete(path);
        cache?.Deleted(path);
    }

    public override uint? OwnerOf(string path) => Owner ?? base.OwnerOf(path);

    private void WaitWhileHeld(DiskCall call, string path)
    {
        ManualResetEventSlim? go = null;
        lock (_gate)
        {
            if (_held is { } held && held.Call == call && path.Contains(held.Path, StringComparison.Ordinal))
            {
                go = held.Go;
                held.Reached.TrySetResult();
            }
        }

        go?.Wait();
    }

    private void Meet(DiskCall call, string path)
    {
        if (Find(call, path) is not { } fault)
            return;

        // As .NET tells EACCES where a path is looked up.
        if (fault.Error == "Permission denied" && call is (DiskCall.Open or DiskCall.Create or DiskCall.Rename or DiskCall.Delete or DiskCall.MakeFolder))
            throw new UnauthorizedAccessException($"Access to the path '{path}' is denied: {fault.Error}.");
        throw new IOException(fault.Error);
    }

    private Fault? Find(DiskCall call, string path)
    {
        lock (_gate)
        {
            if (call is not (DiskCall.Read or DiskCall.Open) && _changesLeft is { } left && (_changesLeft = Math.Max(left - 1, -1)) < 0)
                return new Fault(call, path, "The process was killed", left == 0 ? _tornAtTheEnd : 0);
            _counts[(call, path)] = _counts.GetValueOrDefault((call, path)) + 1;
            var fault = _next is { Left: > 0 } next && --_nextIn < 0
                ? next
                : _faults.Find(f => f.Call == call && f.Left > 0 && path.Contains(f.Path, StringComparison.Ordinal));
            if (fault is not null)
                fault.Left--;
            return fault;
        }
    }

    private string PathOf(SafeFileHandle file) => _paths.TryGetValue(file, out var path) ? path : "";

    private PowerCut.Image? ImageOf(SafeFileHandle file) => _images.TryGetValue(file, out var image) ? image : null;

    private SafeFileHandle Named(SafeFileHandle file, string path, PowerCut.Image? image)
    {
        _paths.AddOrUpdate(file, path);
        if (image is not null)
            _images.AddOrUpdate(file, image);
        return file;
    }

    private sealed record Fault(DiskCall Call, string Path, string Error, int TornAfter)
    {
        public int Left { get; set; }
    }
}
