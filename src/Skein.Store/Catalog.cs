using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Skein.Core;

namespace Skein.Store;

/// <summary>
/// A cache of the rows of all sessions, and a journal of the sessions that have a writer: one file of sealed lines, appended to and
/// rewritten when most of it is superseded. Delete it and nothing is lost but the time to read the logs. Safe for use by many threads.
/// </summary>
internal sealed class Catalog : IDisposable
{
    private const string FileName = "catalog.jsonl";
    private const int FewLines = 256;
    private const int RewritePiece = 1 << 20;

    private readonly Lock _gate = new();
    private readonly Disk _disk;
    private readonly string _path;
    private readonly Dictionary<SessionId, CatalogRow> _rows = [];
    private readonly HashSet<SessionId> _open = [];
    private SafeFileHandle? _file;
    private long _length;
    private int _lines;

    private Catalog(string folder, Disk disk)
    {
        _path = Path.Combine(folder, FileName);
        _disk = disk;
    }

    /// <summary>Why the catalog is not kept up; null while it is. The next start is slower then, nothing more.</summary>
    public string? Problem { get; private set; }

    /// <summary>Reads what the last process left. What is wrong with it is dropped: the logs have it all.</summary>
    public static Catalog Load(string folder, Disk disk)
    {
        var catalog = new Catalog(folder, disk);
        lock (catalog._gate)
        {
            catalog.Read_Locked();
            catalog.Rewrite_Locked();
        }

        return catalog;
    }

    /// <summary>The sessions that had a writer when the store was last closed, by whatever way.</summary>
    public IReadOnlyList<SessionId> Open
    {
        get
        {
            lock (_gate)
                return [.. _open];
        }
    }

    public CatalogRow? Find(SessionId session)
    {
        lock (_gate)
            return _rows.GetValueOrDefault(session);
    }

    public void Opened(SessionId session)
    {
        lock (_gate)
        {
            if (_open.Add(session))
                Append_Locked(Encoded(new CatalogLine(Opened: session)));
        }
    }

    public void Closed(SessionId session)
    {
        lock (_gate)
        {
            if (_open.Remove(session))
                Append_Locked(Encoded(new CatalogLine(Closed: session)));
        }
    }

    /// <summary>Keeps a log's row.</summary>
    public void Write(SessionLog log, SafeFileHandle file)
    {
        var state = log.State;
        if (state.Row is null)
            return;

        // A row is long: it is encoded before others have to wait.
        var row = new CatalogRow(state.Row, state.End, File.GetLastWriteTimeUtc(file).Ticks, log.IsPacked ? RandomAccess.GetLength(file) : null);
        var line = Encoded(new CatalogLine(Row: row));
        lock (_gate)
        {
            _rows[log.Id] = row;
            Append_Locked(line);
        }
    }

    /// <summary>The session was purged: it is neither in the lists nor open.</summary>
    public void Forget(SessionId session)
    {
        lock (_gate)
        {
            if (_rows.Remove(session) | _open.Remove(session))
                Append_Locked(Encoded(new CatalogLine(Forgotten: session)));
        }
    }

    /// <summary>Drops the rows of sessions that have no log any more.</summary>
    public void Keep(Func<SessionId, bool> isThere)
    {
        lock (_gate)
        {
            foreach (var gone in _rows.Keys.Where(s => !isThere(s)).ToList())
                _rows.Remove(gone);
            _rows.TrimExcess();
        }
    }

    /// <summary>Rewrites the file if it holds more than what counts: what was said of sessions that are gone must go as well.</summary>
    public void Compact()
    {
        lock (_gate)
        {
            if (_lines > _rows.Count + _open.Count)
                Rewrite_Locked();
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Read_Locked()
    {
        try
        {
            using var file = PlainFile.Open(_disk, _path);
            using var lines = new LineReader(file, 0, file.Length);
            foreach (var line in CatalogReader.Read(lines))
            {
                _lines++;
                Take_Locked(line);
            }

            _length = lines.Rest.IsEmpty ? lines.Position : -1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
        {
            _length = -1;
        }
    }

    private void Take_Locked(CatalogLine line)
    {
        switch (line)
        {
            case { Row: { } row }:
                _rows[row.Row.Id] = row;
                break;
            case { Opened: { } opened }:
                _open.Add(opened);
                break;
            case { Closed: { } closed }:
                _open.Remove(closed);
                break;
            case { Forgotten: { } forgotten }:
                _rows.Remove(forgotten);
                _open.Remove(forgotten);
                break;
        }
    }

    // A torn end is never appended to.
    private void Rewrite_Locked()
    {
        var current = _rows.Count + _open.Count;
        if (_length >= 0 && _lines <= (2 * current) + FewLines && _file is null)
        {
            TryWrite_Locked(() => _file = _disk.OpenWrite(_path));
            return;
        }

        TryWrite_Locked(() =>
        {
            var fresh = _path + ".new";
            _disk.Delete(fresh);
            _file?.Dispose();
            _file = _disk.Create(fresh);

            // In pieces: all of it at once would weigh as much as the sessions themselves.
            var (bytes, length) = (new ArrayBufferWriter<byte>(RewritePiece), 0L);
            foreach (var line in _rows.Values.Select(row => new CatalogLine(Row: row)).Concat(_open.Select(session => new CatalogLine(Opened: session))))
            {
                line.Write(bytes);
                if (bytes.WrittenCount > RewritePiece)
                    WritePiece();
            }

            WritePiece();
            _disk.Rename(fresh, _path);
            (_length, _lines) = (length, current);

            void WritePiece()
            {
                _disk.Write(_file!, bytes.WrittenSpan, length);
                length += bytes.WrittenCount;
                bytes.ResetWrittenCount();
            }
        });
    }

    private static ReadOnlyMemory<byte> Encoded(CatalogLine entry)
    {
        var line = new ArrayBufferWriter<byte>();
        entry.Write(line);
        return line.WrittenMemory;
    }

    private void Append_Locked(ReadOnlyMemory<byte> line)
    {
        TryWrite_Locked(() =>
        {
            _disk.Write(_file!, line.Span, _length);
            _length += line.Length;
        });
        if (Problem is null && ++_lines > (2 * (_rows.Count + _open.Count)) + FewLines)
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
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problem = e.Message;
            _file?.Dispose();
        }
    }
}
