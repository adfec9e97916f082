using System.Globalization;
using Skein.Core;
using Skein.Core.Events;
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

    private readonly bool _isOrigin = extension == OriginExtension;
    private Use? _use;
    private volatile bool _isGone;
    private volatile bool _isPacked;
    private volatile LogState _state = state;

    public SessionId Id => id;

    /// <summary>Where the log is, relative to the store: month and name follow from the id.</summary>
    public string Name => NameOf(id, _isOrigin ? OriginExtension : Extension);

    /// <summary>The log's file, as it is kept just now.</summary>
    public string Path => _isPacked ? PackedPath : PlainPath;

    /// <summary>Characters that the name of a log's file has at most.</summary>
    public static int LongestFileName => SessionId.Length + PackedExtension.Length;

    /// <summary>Writes the name of the log's file, without its folder, as it is kept just now.</summary>
    /// <returns>How long it is.</returns>
    public int FileName(Span<char> into)
    {
        id.Format(into);
        var end = _isOrigin ? OriginExtension : _isPacked ? PackedExtension : Extension;
        end.CopyTo(into[SessionId.Length..]);
        return SessionId.Length + end.Length;
    }

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

    /// <summary>Where the catalog keeps the log's row; only changed by the catalog.</summary>
    public CatalogPlace Kept { get; set; }

    /// <summary>Whether this process knows that what it sees of the file is on the disk, not merely in the page cache.</summary>
    public bool IsFlushed { get; set; }

    /// <summary>Whether this process has had a writer: then every byte up to the end was checked or written by it.</summary>
    public bool IsChecked { get; set; }

    /// <summary>Held while a writer is opened or closed and while the tail is looked at.</summary>
    public SemaphoreSlim Ownership => InUse.Ownership;

    /// <summary>Who may append; only changed by the holder of <see cref="Ownership"/>.</summary>
    public LogWriter? Writer { get => _use?.Writer; set => InUse.Writer = value; }

    private Use InUse => LazyInitializer.EnsureInitialized(ref _use, static () => new Use());

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

    /// <summary>Replaces what is known by what was appended, and wakes those who wait for it; for them it is kept until the next.</summary>
    public void Commit(LogState state, IEnumerable<SessionEvent> appended)
    {
        var use = InUse;
        lock (use.Gate)
        {
            use.Recent ??= new (long, long)[RecentCommits];
            use.Recent[use.Commits++ % RecentCommits] = (state.Seq, state.End);
            use.Appended = use.Changed is null ? [] : [.. appended];
        }

        Learn(state);
    }

    /// <summary>Replaces what is known by what was found in the file.</summary>
    public void Learn(LogState state)
    {
        TaskCompletionSource? changed = null;
        var use = InUse;
        lock (use.Gate)
        {
            if (state.Seq > _state.Seq)
                (changed, use.Changed) = (use.Changed, null);
            _state = state;
        }

        changed?.TrySetResult();
    }

    /// <summary>Replaces a state by one that says the same, with or without the row; unless another one took its place.</summary>
    /// <returns>Whether it did.</returns>
    public bool Replace(LogState state, LogState same) => ReferenceEquals(Interlocked.CompareExchange(ref _state, same, state), state);

    /// <summary>Where the events after a sequence begin, if they were appended lately: a follower needs no search.</summary>
    public (long Seq, long Offset)? RecentStart(long after)
    {
        if (_use is not { } use)
            return null;

        lock (use.Gate)
        {
            (long Seq, long End)? best = null;
            for (var i = 0; i < Math.Min(use.Commits, RecentCommits); i++)
            {
                if (use.Recent![i].Seq <= after && use.Recent[i].Seq > (best?.Seq ?? 0))
                    best = use.Recent[i];
            }

            return best;
        }
    }

    /// <summary>The events behind a sequence, if they were appended just now: who was woken by them need not read the file.</summary>
    /// <param name="upTo">The last of them.</param>
    /// <returns>Null: they are not, or not all.</returns>
    public SessionEvent[]? JustAppended(long after, long upTo)
    {
        if (_use is not { } use)
            return null;

        lock (use.Gate)
        {
            return use.Appended is [var first, ..] && first.Seq <= after + 1 && use.Appended[^1].Seq >= upTo
                ? use.Appended[(int)(after + 1 - first.Seq)..(int)(upTo + 1 - first.Seq)]
                : null;
        }
    }

    /// <exception cref="CursorAheadException">There is no such sequence to wait behind.</exception>
    public Task WaitAsync(long after, CancellationToken cancellationToken)
    {
        var use = InUse;
        lock (use.Gate)
        {
            if (use.Closed is not null)
                throw use.Closed();
            if (after > _state.Seq)
                throw new CursorAheadException(id, after, _state.Seq);
            if (after < _state.Seq)
                return Task.CompletedTask;

            use.Changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return use.Changed.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The store is closed or the session purged: nobody waits for ever.</summary>
    /// <param name="why">What who waits is told.</param>
    public void Close(Func<Exception> why)
    {
        TaskCompletionSource? changed;
        var use = InUse;
        lock (use.Gate)
        {
            use.Closed = why;
            (changed, use.Changed) = (use.Changed, null);
        }

        changed?.TrySetException(why());
    }

    /// <summary>What only a log has that is read, written or waited for: of many few are.</summary>
    private sealed class Use
    {
        public Lock Gate { get; } = new();
        public SemaphoreSlim Ownership { get; } = new(1, 1);
        public LogWriter? Writer { get; set; }
        public (long Seq, long End)[]? Recent { get; set; }
        public int Commits { get; set; }
        public SessionEvent[] Appended { get; set; } = [];
        public TaskCompletionSource? Changed { get; set; }
        public Func<Exception>? Closed { get; set; }
    }
}
