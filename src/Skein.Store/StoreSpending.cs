using Skein.Core;
using Skein.Core.Spending;

namespace Skein.Store;

/// <summary>Finds what models were paid: nearly all lines of a log are passed over as bytes, those that tell of a call are read.</summary>
internal sealed class StoreSpending(LogFolder logs, Disk disk)
{
    private const int Chunk = 256 * 1024;
    private const int LinesBetweenLooks = 1024;

    public IAsyncEnumerable<SessionSpending> ReadAsync(SpendingQuery query, CancellationToken cancellationToken)
    {
        var folders = new FolderChoice(query.Workspace, query.Project, query.NotIn);
        return ManyLogs.ScanAsync(logs.All.Where(log => MayHave(log.State.Keys)), Scan, cancellationToken);

        // What a log is of that nobody could look at yet is not known: it is told as not counted.
        bool MayHave(SessionKeys? session) => session is null || (!(session.UpdatedAt < query.Since) && folders.Has(session));
    }

    private SessionSpending Scan(SessionLog log, CancellationToken cancellationToken)
    {
        var state = log.State;
        if (state.Keys is not { } keys)
            return new SessionSpending(log.Id, "", [], state.Fault ?? $"{log.Name} cannot be read.");

        var calls = new List<PaidCall>();
        var fold = new SpendingFold(keys.Agent);
        string? fault = null;
        try
        {
            using var lines = new LineReader(log.Open(disk), 0, state.End, Chunk, owns: true);
            for (var count = 1; lines.TryRead(out var line); count++)
            {
                if (count % LinesBetweenLooks == 0)
                    cancellationToken.ThrowIfCancellationRequested();
                if (!MayTell(line))
                    continue;
                if (!LogLine.IsSealed(line) || EventReader.Decode(line, lines.Offset, log.Id, log.Name) is not { } e)
                    fault ??= $"{log.Name} is damaged at byte {lines.Offset}: what stood there may have been paid for.";
                else if (fold.Add(e) is { } call)
                    calls.Add(call);
            }
        }
        catch (FileNotFoundException) when (log.IsGone)
        {
            // Purged meanwhile: it counts no longer.
            return new SessionSpending(log.Id, keys.Workspace, []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            fault = $"{log.Name} cannot be read: {e.Message}";
        }
        catch (DamagedException e)
        {
            fault = e.Message;
        }

        return new SessionSpending(log.Id, keys.Workspace, calls, fault);
    }

    // A message of a person, which may be long, is never paid for.
    private static bool MayTell(ReadOnlySpan<byte> line) => LineHead.KindOf(line, out _) switch
    {
        LineKind.TurnStarted or LineKind.Paid or LineKind.Unknown => true,
        LineKind.MessageAdded => !LineHead.TryReadMessage(line, out _, out var role, out _) || role is Role.Assistant or Role.System,
        _ => false,
    };
}
