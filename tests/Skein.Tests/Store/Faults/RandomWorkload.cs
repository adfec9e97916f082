using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Store.Faults;

/// <summary>
/// What many users could do to a store, through its contract, told to a model as it is answered. The same seed asks for the same; what
/// is asked at once may come to the disk in another order.
/// </summary>
/// <param name="disk">Is made to keep appends waiting.</param>
internal sealed class RandomWorkload(Random random, StoreModel model, ManualClock clock, FaultyDisk disk, CancellationToken cancellationToken)
{
    private const int MostSessions = 12;

    private readonly Dictionary<SessionId, ISessionWriter> _writers = [];
    private readonly IdSource _ids = new(clock);
    private ISessionStore _store = null!;
    private int _texts;

    /// <summary>The store was opened anew: nobody has a writer.</summary>
    public void Begin(ISessionStore store)
    {
        _store = store;
        _writers.Clear();
    }

    public Task StepAsync() => random.Next(100) switch
    {
        < 10 => CreateAsync(),
        < 45 => AppendAsync(Any(), Events()),
        < 55 => AppendAtOnceAsync(),
        < 58 => AppendDelayedAsync(),
        < 66 => ForkAsync(),
        < 73 => AppendBlobAsync(),
        < 76 => PutAsync(),
        < 82 => TurnTrashAsync(),
        < 88 => PurgeAsync(),
        < 91 => CollectAsync(),
        < 95 => RestAsync(),
        < 98 => CloseAsync(),
        _ => OpenAsync(),
    };

    /// <summary>Opens every session for writing, and lets the writers go.</summary>
    public async Task OpenAllAsync()
    {
        foreach (var session in model.Sessions.Values.ToList())
        {
            await using var writer = await _store.OpenWriterAsync(session.Id, cancellationToken);
            Assert.All(writer.Repairs, r => Assert.Contains(r.Kind, (string[])["torn", "newline"]));
            await StoreModel.CheckOpenedAsync(_store, session, cancellationToken);
        }

        _writers.Clear();
    }

    private ModelSession? Any() => Any(model.Sessions.Values);

    private ModelSession? Any(IEnumerable<ModelSession> sessions)
    {
        var usable = sessions.Where(s => s is { MayBeMissing: false, MayBePurged: false }).ToList();
        return usable.Count == 0 ? null : usable[random.Next(usable.Count)];
    }

    private string Text() => $"{++_texts} {new string('x', random.Next(8) == 0 ? random.Next(3000) : random.Next(30))}";

    private EventBody[] Events()
    {
        var count = 1 + (random.Next(3) == 0 ? random.Next(4) : 0);
        return [.. Enumerable.Range(0, count).Select(_ => (EventBody)(random.Next(8) switch
        {
            0 => new SessionArchived(),
            1 => new SessionUnarchived(),
            2 => new SessionRewound(0, null, 0),
            3 => Some.Message(Text()),
            4 => new SessionMoved($"/work/{++_texts}"),
            5 => new SessionConfigured(null, $"scripted/{++_texts}", PermissionMode.Plan),
            _ => Some.Titled(Text()),
        }))];
    }

    private async Task CreateAsync()
    {
        if (model.Sessions.Count >= MostSessions)
            return;
        var session = new ModelSession(_ids.Next<SessionId>(), []);
        await MakeAsync(session, [Some.Created(title: Text()), .. random.Next(2) == 0 ? Events() : []]);
    }

    private async Task ForkAsync()
    {
        if (Any() is not { } origin || origin.Events.Count == origin.Inherited || model.Sessions.Count >= MostSessions)
            return;
        if (await FindAsync(origin.Id) is not { } row)
            return;

        // From what it wrote itself or from what it inherited.
        var upTo = 1 + random.Next(origin.Events.Count);
        Segment[] segments =
        [
            .. row.Segments.TakeWhile((_, i) => i == 0 || row.Segments[i - 1].UpTo < upTo).Select(s => s with { UpTo = Math.Min(s.UpTo, upTo) }),
            .. upTo > origin.Inherited ? [new Segment(origin.Id, upTo)] : Array.Empty<Segment>(),
        ];
        await MakeAsync(new ModelSession(_ids.Next<SessionId>(), [.. origin.Events.Take(upTo)]), [Some.Forked(row, upTo, segments)]);
    }

    private async Task<Session?> FindAsync(SessionId session)
    {
        try
        {
            return await _store.FindAsync(session, cancellationToken);
        }
        catch (DamagedException)
        {
            // The disk refuses to read, too.
            return null;
        }
    }

    private async Task MakeAsync(ModelSession session, IReadOnlyList<EventBody> bodies)
    {
        try
        {
            var writer = await _store.CreateAsync(session.Id, bodies, Some.By, cancellationToken);
            model.Sessions[session.Id] = session;
            _writers[session.Id] = writer;
            session.Events.AddRange(await _store.ReadAsync(session.Id, session.Inherited, cancellationToken).ToListAsync(cancellationToken));
            Assert.Equal(bodies.Count, session.Events.Count - session.Inherited);
        }
        catch (AppendUnknownException)
        {
            session.MayBeMissing = true;
            session.Unknown.Add(bodies);
            model.Sessions[session.Id] = session;
        }
        catch (Exception e) when (e is StoreStoppedException or DamagedException)
        {
            // Made, and then not read: the answer was that it was made.
            if (_writers.Remove(session.Id))
                session.Unknown.Add(bodies);
        }
    }

    private async Task AppendAtOnceAsync()
    {
        var appends = new List<(ModelSession Session, ISessionWriter Writer, EventBody[] Bodies)>();
        foreach (var session in Enumerable.Range(0, 2 + random.Next(3)).Select(_ => Any()).OfType<ModelSession>().Distinct().ToList())
        {
            if (await WriterAsync(session) is { } writer)
                appends.AddRange(Enumerable.Range(0, 1 + random.Next(3)).Select(_ => (session, writer, Events())));
        }

        // All are called before the first is waited for, and settled in the order of the calls.
        foreach (var (session, bodies, appending) in appends.Select(a => (a.Session, a.Bodies, Call(a.Session, a.Writer, a.Bodies))).ToList())
            await SettleAsync(session, bodies, appending);
    }

    // What others do meanwhile does not wait for it, and nobody is shown what is not on the disk.
    private async Task AppendDelayedAsync()
    {
        if (Any() is not { } delayed || await WriterAsync(delayed) is not { } writer)
            return;

        var bodies = Events();
        var reached = disk.HoldFlush(delayed.Id.Value);
        var appending = Call(delayed, writer, bodies);
        await Task.WhenAny(reached, appending);
        if (!appending.IsCompleted && await FindAsync(delayed.Id) is { } row)
            Assert.Equal(delayed.Events.Count, row.Seq);
        if (Any(model.Sessions.Values.Where(s => s != delayed)) is { } other)
            await AppendAsync(other, Events());
        await PutAsync();
        disk.Release();
        await SettleAsync(delayed, bodies, appending);
    }

    private async Task AppendBlobAsync()
    {
        if (await PutAsync() is { } blob)
            await AppendAsync(Any(), Some.Message(Text()) with { Parts = [new MessagePart(Some.Ids.Next<PartId>(), new FilePart("text/plain", "a.txt", blob))] });
    }

    private async Task<BlobRef?> PutAsync()
    {
        // Few, so that some are put again.
        var content = new byte[random.Next(4) == 0 ? 200_000 : 100];
        content.AsSpan().Fill((byte)random.Next(12));
        try
        {
            var blob = await _store.PutBlobAsync(new MemoryStream(content), "text/plain", cancellationToken);
            model.Stored(blob, content);
            return blob;
        }
        catch (StoreStoppedException)
        {
            return null;
        }
    }

    private async Task TurnTrashAsync()
    {
        if (Any() is { } session)
            await AppendAsync(session, session.IsTrashed ? new SessionRestored() : new SessionTrashed());
    }

    private async Task PurgeAsync()
    {
        if (Any(model.Sessions.Values.Where(s => s.IsTrashed && s.Unknown.Count == 0)) is not { } session)
            return;

        _writers.Remove(session.Id);
        try
        {
            await _store.PurgeAsync(session.Id, cancellationToken);
            model.Sessions.Remove(session.Id);
        }
        catch (StoreStoppedException e) when (e.Message.Contains("was purged", StringComparison.Ordinal))
        {
            session.MayBePurged = true;
        }
        catch (StoreStoppedException e)
        {
            Assert.Contains("still in the trash", e.Message, StringComparison.Ordinal);
        }
        catch (DamagedException)
        {
            // It could not be looked at.
        }
    }

    private async Task CollectAsync()
    {
        // Now and then into another month, whose folder must be made.
        clock.Advance(random.Next(3) == 0 ? TimeSpan.FromDays(random.Next(40)) : TimeSpan.FromMinutes(random.Next(90)));
        await _store.CollectAsync(cancellationToken);
    }

    // What nobody writes any more, a collection compresses.
    private async Task RestAsync()
    {
        foreach (var session in model.Sessions.Keys.Where(_ => random.Next(3) > 0).ToList())
        {
            if (_writers.Remove(session, out var writer))
                await writer.DisposeAsync();
        }

        await CollectAsync();
    }

    private async Task CloseAsync()
    {
        if (Any() is { } session && _writers.Remove(session.Id, out var writer))
            await writer.DisposeAsync();
    }

    private async Task OpenAsync()
    {
        if (Any() is { } session)
            await OpenAsync(session);
    }

    private async Task<ISessionWriter?> OpenAsync(ModelSession session)
    {
        try
        {
            _writers.Remove(session.Id);
            var writer = await _store.OpenWriterAsync(session.Id, cancellationToken);
            await StoreModel.CheckOpenedAsync(_store, session, cancellationToken);
            return _writers[session.Id] = writer;
        }
        catch (Exception e) when (e is StoreStoppedException or DamagedException)
        {
            return null;
        }
    }

    private async ValueTask<ISessionWriter?> WriterAsync(ModelSession session) =>
        _writers.TryGetValue(session.Id, out var writer) ? writer : await OpenAsync(session);

    private async Task AppendAsync(ModelSession? session, params EventBody[] bodies)
    {
        if (session is not null && await WriterAsync(session) is { } writer)
            await SettleAsync(session, bodies, Call(session, writer, bodies));
    }

    private Task<IReadOnlyList<SessionEvent>> Call(ModelSession session, ISessionWriter writer, EventBody[] bodies)
    {
        session.Unknown.Add(bodies);
        return CallAsync(writer, bodies);
    }

    // What it throws at once, it throws when it is waited for.
    private async Task<IReadOnlyList<SessionEvent>> CallAsync(ISessionWriter writer, EventBody[] bodies) =>
        await writer.AppendAsync(bodies, Some.By, cancellationToken);

    private async Task SettleAsync(ModelSession session, EventBody[] bodies, Task<IReadOnlyList<SessionEvent>> appending)
    {
        try
        {
            session.Events.AddRange(await appending);
            session.Unknown.Remove(bodies);
        }
        catch (AppendUnknownException)
        {
            _writers.Remove(session.Id);
        }
        catch (StoreStoppedException)
        {
            // Nothing of it was appended, and never will be; the writer may go on, or has stopped for good.
            session.Unknown.Remove(bodies);
            if (random.Next(2) == 0)
                _writers.Remove(session.Id);
        }
    }
}
