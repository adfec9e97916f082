using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Skein.Core;

namespace Skein.Store;

/// <summary>
/// A cache of the rows of all sessions, and a journal of the sessions that have a writer: one file of sealed lines, appended to and
/// rewritten when most of it is superseded. In memory are the rows' keys and places, which the logs have; a row is read when it is asked for.
/// Delete the file and nothing is lost but the time to read the logs. Safe for use by many threads.
/// </summary>
internal sealed class Catalog : IDisposable
{
    private const string FileName = "catalog.jsonl";
    private const int FewLines = 256;
    private const int RewritePiece = 1 << 20;
    private const int UsualLine = 512;
    private const int MostReserved = 1_000_000;
    private const long MuchToRead = 8 << 20;

    /// <summary>Held by who changes the catalog, also while the disk writes.</summary>
    private readonly Lock _writing = new();

    /// <summary>Held for a moment by who reads and who changes places and <see cref="_file"/>, never while the disk is asked.</summary>
    private readonly Lock _gate = new();

    private readonly Disk _disk;
    private readonly string _path;
    private readonly LogTable _logs;
    private readonly HashSet<SessionId> _open = [];
    private PlainFile? _file;
    private long _length;
    private int _lines;

    // Of the logs in the table, those that have a place here.
    private int _rows;

    private Catalog(string folder, LogTable logs, Disk disk)
    {
        _path = Path.Combine(folder, FileName);
        (_logs, _disk) = (logs, disk);
    }

    /// <summary>Why the catalog is not kept up; null while it is. The next start is slower then, nothing more.</summary>
    public string? Problem { get; private set; }

    /// <summary>Reads what the last process left. What is wrong with it is dropped: the logs have it all.</summary>
    /// <param name="root">The folder of the store.</param>
    /// <param name="logs">Is given those that it knows, in the order of the file; until their files are found they count as gone.</param>
    public static Catalog Load(string folder, string root, LogTable logs, Disk disk)
    {
        var catalog = new Catalog(folder, logs, disk);
        lock (catalog._writing)
        {
            catalog.Read_Locked(root);
            if (catalog._length < 0 || catalog.IsMostlySuperseded_Locked)
                catalog.Rewrite_Locked();
            else
                catalog.TryWrite_Locked(() => catalog.Use_Locked(new PlainFile(disk, disk.OpenWrite(catalog._path), catalog._path)));
        }

        return catalog;
    }

    /// <summary>The sessions that had a writer when the store was last closed, by whatever way.</summary>
    public IReadOnlyList<SessionId> Open
    {
        get
        {
            lock (_writing)
                return [.. _open];
        }
    }

    private int Current_Locked => _rows + _open.Count;

    private bool IsMostlySuperseded_Locked => _lines > (2 * Current_Locked) + FewLines;

    /// <summary>Reads the row of a log's session.</summary>
    /// <returns>Null where there is none of this sequence that can be read.</returns>
    public Session? Read(SessionLog log, long seq)
    {
        while (true)
        {
            CatalogPlace place;
            PlainFile file;
            lock (_gate)
            {
                place = log.Kept;
                if (place.IsNowhere)
                    return null;
                file = _file!;
            }

            try
            {
                return place.ReadRow(file) is { } row && row.Id == log.Id && row.Seq == seq ? row : null;
            }
            catch (ObjectDisposedException)
            {
                // It was rewritten just now, or the store is closed.
                lock (_gate)
                {
                    if (_file == file)
                        throw;
                }
            }
        }
    }

    public void Opened(SessionId session)
    {
        lock (_writing)
        {
            if (_open.Add(session))
                Append_Locked(Encoded(new CatalogLine(Opened: session)));
        }
    }

    public void Closed(SessionId session)
    {
        lock (_writing)
        {
            if (_open.Remove(session))
                Append_Locked(Encoded(new CatalogLine(Closed: session)));
        }
    }

    /// <summary>Keeps a log's row.</summary>
    /// <param name="state">The log's, with its row; without one there is nothing to keep.</param>
    /// <returns>The state, if its row can be read from here now.</returns>
    public LogState? Write(SessionLog log, LogState? state, SafeFileHandle file)
    {
        if (state?.Row is null)
            return null;

        // A row is long: it is encoded before others have to wait.
        var line = Encoded(new CatalogLine(new CatalogRow(state, File.GetLastWriteTimeUtc(file).Ticks, log.IsPacked ? RandomAccess.GetLength(file) : null)));
        lock (_writing)
        {
            Append_Locked(line, log);
            return Problem is null ? state : null;
        }
    }

    /// <summary>The session was purged: it is neither in the lists nor open.</summary>
    public void Forget(SessionLog log)
    {
        lock (_writing)
        {
            if (Drop_Locked(log) | _open.Remove(log.Id))
                Append_Locked(Encoded(new CatalogLine(Forgotten: log.Id)));
        }
    }

    /// <summary>Drops the row of a session that has no log any more.</summary>
    public void Drop(SessionLog log)
    {
        lock (_writing)
            Drop_Locked(log);
    }

    /// <summary>Rewrites the file if it holds more than what counts: what was said of sessions that are gone must go as well.</summary>
    public void Compact()
    {
        lock (_writing)
        {
            if (_lines > Current_Locked)
                Rewrite_Locked();
        }
    }

    /// <summary>Lets the file go, without what the next start would read in vain.</summary>
    public void Dispose()
    {
        lock (_writing)
        {
            if (_lines > Current_Locked + (Current_Locked / 8) + FewLines)
                Rewrite_Locked();
            _file?.Dispose();
        }
    }

    private void Read_Locked(string root)
    {
        try
        {
            _file = PlainFile.Open(_disk, _path);
            var reader = new CatalogReader(_file);

            // What is made of a row is smaller than its line.
            using var uncollected = _file.Length > MuchToRead ? new NoCollection(_file.Length) : null;

            // Growing by and by would leave twice as much behind.
            _logs.Reserve((int)Math.Min(_file.Length / UsualLine, MostReserved));
            var isWhole = true;
            foreach (var (line, place) in reader.Read())
            {
                _lines++;
                isWhole &= line != default;
                Take_Locked(line, place, root);
            }

            _logs.Trim();
            _length = isWhole && reader.Position == _file.Length ? reader.Position : -1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
        {
            _length = -1;
        }
    }

    private void Take_Locked(CatalogLine line, CatalogPlace place, string root)
    {
        switch (line)
        {
            case { Row: { } row }:
                var log = new SessionLog(row.State.Keys!.Id, root, row.State) { IsGone = true };
                if (!_logs.TryAdd(log))
                {
                    log = _logs.Find(log.Id)!;
                    log.Learn(row.State);
                }

                Keep_Locked(log, place with { Written = row.Written, Packed = row.Packed is > 0 and <= uint.MaxValue and var length ? (uint)length : 0 });
                break;
            case { Opened: { } opened }:
                _open.Add(opened);
                break;
            case { Closed: { } closed }:
                _open.Remove(closed);
                break;
            case { Forgotten: { } forgotten }:
                if (_logs.Find(forgotten) is { } gone)
                {
                    Drop_Locked(gone);
                    _logs.Remove(gone);
                }

                _open.Remove(forgotten);
                break;
        }
    }

    private void Keep_Locked(SessionLog log, CatalogPlace place)
    {
        _rows += log.Kept.IsNowhere ? 1 : 0;
        lock (_gate)
            log.Kept = place;
    }

    private bool Drop_Locked(SessionLog log)
    {
        if (log.Kept.IsNowhere)
            return false;

        _rows--;
        lock (_gate)
            log.Kept = default;
        return true;
    }

    private void Use_Locked(PlainFile file)
    {
        PlainFile? before;
        lock (_gate)
            (before, _file) = (_file, file);
        before?.Dispose();
    }

    // A torn end is never appended to, and what says nothing is not kept.
    private void Rewrite_Locked() => TryWrite_Locked(() =>
    {
        var fresh = _path + ".new";
        _disk.Delete(fresh);
        var file = new PlainFile(_disk, _disk.Create(fresh), _path);
        try
        {
            var (places, length) = Copy_Locked(file);
            _disk.Rename(fresh, _path);
            lock (_gate)
            {
                foreach (var (log, place) in places)
                    log.Kept = place;
                (file, _file) = (_file, file);
            }

            (_length, _lines) = (length, Current_Locked);
        }
        finally
        {
            // The one that is not in use.
            file?.Dispose();
        }
    });

    // In pieces: all of it at once would weigh as much as the sessions themselves.
    private (List<(SessionLog, CatalogPlace)> Places, long Length) Copy_Locked(PlainFile to)
    {
        var bytes = new ArrayBufferWriter<byte>(RewritePiece);
        var (places, length) = (new List<(SessionLog, CatalogPlace)>(_rows), 0L);
        foreach (var log in _logs.All().Where(static log => !log.Kept.IsNowhere).OrderBy(static log => log.Kept.Offset))
        {
            var place = log.Kept;
            places.Add((log, place with { Offset = length + bytes.WrittenCount }));
            _file!.ReadWhole(bytes.GetSpan(place.Length)[..place.Length], place.Offset);
            bytes.Advance(place.Length);
            if (bytes.WrittenCount > RewritePiece)
                WritePiece();
        }

        foreach (var session in _open)
            new CatalogLine(Opened: session).Write(bytes);
        WritePiece();
        return (places, length);

        void WritePiece()
        {
            _disk.Write(to.Handle, bytes.WrittenSpan, length);
            length += bytes.WrittenCount;
            bytes.ResetWrittenCount();
        }
    }

    private static ReadOnlyMemory<byte> Encoded(CatalogLine entry)
    {
        var line = new ArrayBufferWriter<byte>();
        entry.Write(line);
        return line.WrittenMemory;
    }

    /// <param name="row">Whose row the line has, where it has one.</param>
    private void Append_Locked(ReadOnlyMemory<byte> line, SessionLog? row = null)
    {
        TryWrite_Locked(() =>
        {
            _disk.Write(_file!.Handle, line.Span, _length);
            if (row is not null)
                Keep_Locked(row, new CatalogPlace(_length, line.Length));
            _length += line.Length;
            _lines++;
        });
        if (IsMostlySuperseded_Locked)
            Rewrite_Locked();
    }

    // The catalog is a cache: that it cannot be written must not stop an append whose log can. It is told, and given up until the next start.
    private void TryWrite_Locked(Action write)
    {
        if (Problem is not null)
            return;

        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
        {
            Problem = e.Message;
        }
    }
}
