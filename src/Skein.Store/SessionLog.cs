using System.Globalization;
using Skein.Core;
using Skein.Store.Packing;

namespace Skein.Store;

/// <summary>One session's log, whether or not somebody writes it: what is durable of it, and who waits for more.</summary>
/// <param name="extension"><see cref="OriginExtension"/> for what is left of a session that was purged.</param>
internal sealed class SessionLog(SessionId id, string root, LogState state, string extension = SessionLog.Extension)
{
    public const string Extension = ".jsonl";

    /// <summary>Of a log that is kept in frames.</summary>
    public const string PackedExtension = Extension + ".br";

    /// <summary>Of what a purge kept for forks: the beginning of a log that is no session's any more.</summary>
    public const string OriginExtension = ".origin";

    /// <summary>How the folder of a month is called.</summary>
    public const string Month = "yyyy-MM";

    private const int RecentCommits = 64;

    private Lock? _gate;
    private SemaphoreSlim? _ownership;
    private (long Seq, long End)[]? _recent;
    private int _commits;
    private TaskCompletionSource? _changed;
    private Func<Exception>? _closed;
    private volatile bool _isGone;
    private volatile bool _isPacked;
    private volatile LogState _state = state;

    public SessionId Id => id;

    /// <summary>Where the log is, relative to the store: month and name follow from the id.</summary>
    public string Name => NameOf(id, extension);

    /// <summary>The log's file, as it is kept just now.</summary>
    public string Path => _isPacked ? PackedPath : PlainPath;

    public string PlainPath => System.IO.Path.Combine(root, Name);

    public string PackedPath => System.IO.Path.Combine(root, NameOf(id, PackedExtension));

    /// <summary>The file that the log would be kept in otherwise; one that is there is a crash's.</summary>
    public string OtherPath => _isPacked ? PlainPath : PackedPath;

    public bool HasOtherFile => File.Exists(OtherPath);

    public LogState State => _state;

    /// <summary>Whether the file was deleted, or is just being; only changed by the holder of <see cref="Ownership"/>.</summary>
    public bool IsGone { get => _isGone; set => _isGone = value; }

    /// <summary>Whether the file is compressed; only changed by the holder of <see cref="Ownership"/>, while files under both names are whole.</summary>
    public bool IsPacked { get => _isPacked; set => _isPacked = value; }

    /// <summary>Whether this process knows that what it sees of the file is on the disk, not merely in the page cache.</summary>
    public bool IsFlushed { get; set; }

    /// <summary>Whether this process has had a writer: then every byte up to the end was checked or written by it.</summary>
    public bool IsChecked { get; set; }

    /// <summary>Held while a writer is opened or closed and while the tail is looked at.</summary>
    public SemaphoreSlim Ownership => LazyInitializer.EnsureInitialized(ref _ownership, static () => new SemaphoreSlim(1, 1));

    /// <summary>Who may append; only changed by the holder of <see cref="Ownership"/>.</summary>
    public LogWriter? Writer { get; set; }

    // Of many logs few are ever written or waited for.
    private Lock Gate => LazyInitializer.EnsureInitialized(ref _gate, static () => new Lock());

    public static string NameOf(SessionId id, string extension = Extension) =>
        string.Create(CultureInfo.InvariantCulture, $"sessions/{id.Time.UtcDateTime.ToString(Month, CultureInfo.InvariantCulture)}/{id}{extension}");

    /// <summary>Takes a file's name apart: what is before its first point, and the rest.</summary>
    public static (string Id, string Extension) Split(string path)
    {
        var name = System.IO.Path.GetFileName(path);
        var point = name.IndexOf('.', StringComparison.Ordinal);
        return point < 0 ? (name, "") : (name[..point], name[point..]);
    }

    /// <summary>Opens the log for reading, whichever way it is kept.</summary>
    public LogFile Open(Disk disk)
    {
        while (true)
        {
            var isPacked = _isPacked;
            try
            {
                return isPacked ? PackedFile.Open(disk, PackedPath) : PlainFile.Open(disk, PlainPath);
            }
            catch (FileNotFoundException) when (_isPacked != isPacked)
            {
                // It is kept the other way since then.
            }
        }
    }

    /// <summary>Replaces what is known by what was appended, and wakes those who wait for it.</summary>
    public void Commit(LogState state)
    {
        lock (Gate)
        {
            _recent ??= new (long, long)[RecentCommits];
            _recent[_commits++ % RecentCommits] = (state.Seq, state.End);
        }

        Learn(state);
    }

    /// <summary>Replaces what is known by what was found in the file.</summary>
    public void Learn(LogState state)
    {
        TaskCompletionSource? changed = null;
        lock (Gate)
        {
            if (state.Seq > _state.Seq)
                (changed, _changed) = (_changed, null);
            _state = state;
        }

        changed?.TrySetResult();
    }

    /// <summary>Leaves the row to the catalog, which has it as of this state, unless something was appended since.</summary>
    public void LetRowGo(LogState kept)
    {
        lock (Gate)
        {
            if (ReferenceEquals(_state, kept))
                _state = kept.WithoutRow();
        }
    }

    /// <summary>Where the events after a sequence begin, if they were appended lately: a follower needs no search.</summary>
    public (long Seq, long Offset)? RecentStart(long after)
    {
        lock (Gate)
        {
            (long Seq, long End)? best = null;
            for (var i = 0; i < Math.Min(_commits, RecentCommits); i++)
            {
                if (_recent![i].Seq <= after && _recent[i].Seq > (best?.Seq ?? 0))
                    best = _recent[i];
            }

            return best;
        }
    }

    /// <exception cref="CursorAheadException">There is no such sequence to wait behind.</exception>
    public Task WaitAsync(long after, CancellationToken cancellationToken)
    {
        lock (Gate)
        {
            if (_closed is not null)
                throw _closed();
            if (after > _state.Seq)
                throw new CursorAheadException(id, after, _state.Seq);
            if (after < _state.Seq)
                return Task.CompletedTask;

            _changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _changed.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The store is closed or the session purged: nobody waits for ever.</summary>
    /// <param name="why">What who waits is told.</param>
    public void Close(Func<Exception> why)
    {
        TaskCompletionSource? changed;
        lock (Gate)
        {
            _closed = why;
            (changed, _changed) = (_changed, null);
        }

        changed?.TrySetException(why());
    }
}
