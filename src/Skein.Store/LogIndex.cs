using Skein.Core;
using Skein.Core.Events;

namespace Skein.Store;

/// <summary>
/// Where in one log messages begin, and where the events of requests stand that had an Idempotency-Key: 16 bytes for each. The log is read
/// when it is first asked, later only what was appended since. Safe for use by several threads.
/// </summary>
internal sealed class LogIndex
{
    private const int OneLine = 8 * 1024;

    private readonly Lock _gate = new();
    private readonly List<Entry> _messages = [];
    private readonly List<Entry> _keys = [];
    private long _end;

    private readonly record struct Entry(int Hash, long Offset);

    /// <summary>The event that adds a message; null where the log has none.</summary>
    /// <param name="end">Where the log ends.</param>
    /// <exception cref="DamagedException">The file cannot be read.</exception>
    public SessionEvent? FindMessage(LogFile file, SessionLog log, long end, MessageId message) =>
        Find(file, log, end, _messages, message.Value).FirstOrDefault(e => e.Body is MessageAdded added && added.Message == message);

    /// <summary>The events that a request with this key appended, oldest first.</summary>
    /// <inheritdoc cref="FindMessage"/>
    public IReadOnlyList<SessionEvent> FindAppended(LogFile file, SessionLog log, long end, string key) =>
        [.. Find(file, log, end, _keys, key).Where(e => e.By?.Key == key)];

    /// <summary>Whether it is known, without a look at the log, that no request with this key appended anything.</summary>
    /// <param name="end">Where the log ends.</param>
    public bool Lacks(string key, long end)
    {
        var hash = Hash(key);
        lock (_gate)
            return _end >= end && !_keys.Exists(e => e.Hash == hash);
    }

    /// <summary>Takes in what was just appended: what is known need not be read. An index that has not been asked yet reads all when it is.</summary>
    /// <param name="start">Where the log ended before.</param>
    /// <param name="appended">The events, and how many bytes each has in the log.</param>
    public void Append(long start, IEnumerable<(SessionEvent Event, int Length)> appended)
    {
        lock (_gate)
        {
            if (_end != start)
                return;

            foreach (var (e, length) in appended)
            {
                Add((e.Body as MessageAdded)?.Message.Value, e.By?.Key, _end);
                _end += length;
            }
        }
    }

    private List<SessionEvent> Find(LogFile file, SessionLog log, long end, List<Entry> entries, string name)
    {
        var hash = Hash(name);
        List<long> places;
        lock (_gate)
        {
            ReadOn(file, log, end);
            places = [.. entries.Where(e => e.Hash == hash).Select(e => e.Offset)];
        }

        return [.. places.Select(at => Read(file, log, at, end)).OfType<SessionEvent>()];
    }

    private void ReadOn(LogFile file, SessionLog log, long end)
    {
        if (_end >= end)
            return;

        using var lines = new LineReader(file, _end, end);
        while (lines.TryRead(out var line))
        {
            var kind = LineHead.KindOf(line, out _);
            string? message = null;
            if (kind == LineKind.Unknown || !LineHead.TryReadKey(line, out var key) || (kind == LineKind.MessageAdded && !LineHead.TryReadMessage(line, out message)))
            {
                var e = Open(line, lines.Offset, log);
                (message, key) = ((e?.Body as MessageAdded)?.Message.Value, e?.By?.Key);
            }

            Add(message, key, lines.Offset);
            _end = lines.Position;
        }
    }

    private void Add(string? message, string? key, long offset)
    {
        if (message is not null)
            _messages.Add(new Entry(Hash(message), offset));
        if (key is not null)
            _keys.Add(new Entry(Hash(key), offset));
    }

    private static SessionEvent? Read(LogFile file, SessionLog log, long at, long end)
    {
        using var lines = new LineReader(file, at, end, OneLine);
        return lines.TryRead(out var line) ? Open(line, at, log) : null;
    }

    // A damaged line is no event: whoever reads the log is told of it.
    private static SessionEvent? Open(ReadOnlySpan<byte> line, long offset, SessionLog log) =>
        LogLine.IsSealed(line) ? EventReader.Decode(line, offset, log.Id, log.Name) : null;

    // Differs from process to process, as it may: what it finds is looked at.
    private static int Hash(string name) => name.GetHashCode(StringComparison.Ordinal);
}
