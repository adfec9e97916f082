using Skein.Core;
using Skein.Core.Events;
using Skein.Store.Packing;

namespace Skein.Store;

/// <summary>What a look at one log found.</summary>
/// <param name="Seq">The last sequence, lost ones included; of a fork that has none of its own yet, the last that it inherits.</param>
/// <param name="Inherits">Up to where it reads the logs of others.</param>
/// <param name="Blobs">What its events name.</param>
internal sealed record LogLook(long Events, long Bytes, long Seq, IReadOnlyList<Segment> Inherits, IReadOnlyList<BlobRef> Blobs, IReadOnlyList<StoreFinding> Findings);

/// <summary>Looks at every line of a log: at its checksum and place, at its end, and at what of a turn was left open.</summary>
internal sealed class LogCheck(Disk disk, string place, SessionId session)
{
    private readonly List<StoreFinding> _findings = [];
    private readonly List<BlobRef> _blobs = [];
    private readonly HashSet<string> _calls = [];
    private readonly HashSet<MessageId> _arriving = [];
    private IReadOnlyList<Segment> _inherits = [];
    private TurnId? _turn;
    private bool _waits;
    private long _events;
    private long _seq;

    /// <param name="isOrigin">What a purge kept of a session: it is no session's log any more, and nobody takes it over.</param>
    /// <exception cref="DamagedException">It cannot be read, or is of a later version.</exception>
    public LogLook Run(string path, bool isOrigin, CancellationToken cancellationToken)
    {
        using LogFile file = path.EndsWith(SessionLog.PackedExtension, StringComparison.Ordinal) ? PackedFile.Open(disk, path) : PlainFile.Open(disk, path);
        var length = file.Length;
        var tail = LogTail.Find(file);
        Events(file, tail.Committed, cancellationToken);
        if (tail.WholeUntil is not null)
            Tell("ends in a whole line without its line end: the next to write completes it", isLoss: isOrigin, isMended: !isOrigin);
        else if (tail.Committed < length)
            Tell($"has a torn tail: {length - tail.Committed} bytes from byte {tail.Committed}, which were never acknowledged. The next to write cuts them off and keeps them aside", isLoss: isOrigin, isMended: !isOrigin);
        if (file is PackedFile packed)
            Frames(packed);
        if (!isOrigin)
            Turn();
        return new LogLook(_events, RandomAccess.GetLength(file.Handle), _seq, _inherits, _blobs, _findings);
    }

    private void Events(LogFile file, long end, CancellationToken cancellationToken)
    {
        using var events = new EventReader(new LineReader(file, 0, end), session, file.Path, GapTracker.Unknown, after: 0);
        while (events.Next() is { } e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isFirst = _seq == 0;
            _seq = e.Seq;
            if (e.Body is Gap gap)
            {
                Tell($"is damaged: {gap.Length} bytes from byte {gap.Offset}{(gap.IsLoss ? $", which were {gap.Lost}" : "; no event was lost")}", isLoss: true, isMended: true);
                continue;
            }

            _events++;
            if (isFirst && e.Body is not (SessionCreated or SessionForked))
                Tell($"begins with {e.Type}, not with session.created or session.forked", isLoss: true);
            if (e.Body is SessionForked forked)
                _inherits = forked.Segments;
            _blobs.AddRange(NamedBlobs.Of(e.Body));
            Follow(e.Body);
        }

        if (_seq == 0)
            Tell("has no whole event", isLoss: true);
    }

    // What they held is told with the events; this tells where to look in the file.
    private void Frames(PackedFile file)
    {
        if (!file.Map.IsIndexed)
            Tell("has a damaged index: its frames tell where they are. Whoever writes the session next makes a plain file of it", isLoss: false, isMended: true);
        foreach (var frame in file.Damaged.OrderBy(f => f.Place))
            Tell($"has a damaged frame: bytes {frame.Place} to {frame.Place + frame.Packed} of the file, which held bytes {frame.Offset} to {frame.Offset + frame.Length} of the log", isLoss: true, isMended: true);
    }

    private void Follow(EventBody body)
    {
        switch (body)
        {
            case TurnStarted started:
                (_turn, _waits) = (started.Turn, false);
                _calls.Clear();
                _arriving.Clear();
                break;
            case TurnCompleted or TurnFailed or TurnInterrupted:
                _turn = null;
                break;
            case PermissionAsked:
                _waits = true;
                break;
            case PermissionAnswered:
                _waits = false;
                break;
            case MessageAdded { Role: Role.Assistant, Status: MessageStatus.Pending or MessageStatus.Streaming } added:
                _arriving.Add(added.Message);
                break;
            case MessageCompleted completed:
                _arriving.Remove(completed.Message);
                break;
            case PartAdded { Content: ToolCallPart call }:
                _calls.Add(call.CallId);
                break;
            case PartAdded { Content: ToolResultPart result }:
                _calls.Remove(result.CallId);
                break;
        }
    }

    // One that waits for an answer may be as it should: a turn goes on after a restart.
    private void Turn()
    {
        if (_turn is not { } turn)
            return;

        List<string> open = [$"turn {turn}"];
        if (_calls.Count > 0)
            open.Add($"{_calls.Count} call{(_calls.Count == 1 ? "" : "s")} without a result");
        if (_arriving.Count > 0)
            open.Add("a message that was still arriving");
        _findings.Add(new StoreFinding(
            place, $"has open ends: {string.Join(", ", open)}. {(_waits ? "It waits for an answer" : "Unless it runs just now, whoever takes the session over closes them")}.",
            IsLoss: false, session, IsOpenTurn: true));
    }

    private void Tell(string what, bool isLoss, bool isMended = false) =>
        _findings.Add(new StoreFinding(place, what + ".", isLoss, isMended ? session : null));
}
