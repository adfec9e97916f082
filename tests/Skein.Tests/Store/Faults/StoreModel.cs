using System.Security.Cryptography;
using System.Text;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Store.Faults;

/// <summary>A session as a store must know it.</summary>
internal sealed class ModelSession(SessionId id, IReadOnlyList<SessionEvent> inherited)
{
    public SessionId Id => id;

    /// <summary>What was acknowledged, inherited events included.</summary>
    public List<SessionEvent> Events { get; } = [.. inherited];

    public int Inherited => inherited.Count;

    /// <summary>Appends whose outcome is not known, in the order of their calls.</summary>
    public List<IReadOnlyList<EventBody>> Unknown { get; } = [];

    /// <summary>Nobody was told that it was made.</summary>
    public bool MayBeMissing { get; set; }

    /// <summary>A purge of it began and nobody was told how it ended.</summary>
    public bool MayBePurged { get; set; }

    // A fork does not inherit it.
    public bool IsTrashed => Events.FindLastIndex(e => e.Body is SessionTrashed or SessionRestored) is var last && last >= Inherited && Events[last].Body is SessionTrashed;
}

/// <summary>
/// What a store was asked and what it answered, and from that what it must know, whatever became of its disk: every acknowledged append,
/// in order, none twice, and of those whose outcome nobody was told the first ones, each wholly or not at all.
/// </summary>
internal sealed class StoreModel(TimeProvider time)
{
    private readonly Dictionary<string, (byte[] Content, DateTimeOffset Put)> _blobs = [];

    public Dictionary<SessionId, ModelSession> Sessions { get; } = [];

    public void Stored(BlobRef blob, byte[] content) => _blobs[blob.Sha256] = (content, time.GetUtcNow());

    /// <summary>Compares, and takes over what was found of what was not known.</summary>
    /// <param name="isReopened">Nobody wrote the store since it was opened: what it shows now, it has.</param>
    public async Task CheckAsync(ISessionStore store, bool isReopened, CancellationToken cancellationToken)
    {
        foreach (var session in Sessions.Values.ToList())
        {
            if (session is { MayBeMissing: false, MayBePurged: false } || await store.FindAsync(session.Id, cancellationToken) is not null)
                await CheckAsync(store, session, isReopened, isOpened: false, cancellationToken);
            else if (isReopened)
                Sessions.Remove(session.Id);
        }

        await CheckListsAsync(store, cancellationToken);
        await CheckBlobsAsync(store, cancellationToken);
    }

    /// <summary>Of one session whose writer was opened just now: nothing of it is unknown any more.</summary>
    public static Task CheckOpenedAsync(ISessionStore store, ModelSession session, CancellationToken cancellationToken) =>
        CheckAsync(store, session, isReopened: true, isOpened: true, cancellationToken);

    private static async Task CheckAsync(ISessionStore store, ModelSession session, bool isReopened, bool isOpened, CancellationToken cancellationToken)
    {
        var read = await store.ReadAsync(session.Id, 0, cancellationToken).ToListAsync(cancellationToken);
        Assert.Equal(Some.Texts(session.Events), Some.Texts(read.Take(session.Events.Count)));
        Assert.Equal(Enumerable.Range(1, read.Count).Select(n => (long)n), read.Select(e => e.Seq));

        var beyond = read.Skip(session.Events.Count).ToList();
        var whole = 0;
        var known = 0;
        while (known < beyond.Count)
        {
            Assert.True(whole < session.Unknown.Count, $"{session.Id} has event {beyond[known].Seq} ({beyond[known].Type}), which nobody appended.");
            var batch = session.Unknown[whole++];
            Assert.Equal(batch.Select(Body), beyond.Skip(known).Take(batch.Count).Select(e => Body(e.Body)));
            known += batch.Count;
        }

        var row = await store.FindAsync(session.Id, cancellationToken);
        Assert.Equal(Some.Text(read.Skip(session.Inherited).Aggregate((Session?)null, (s, e) => s.Apply(e))), Some.Text(row));
        if (!isReopened)
            return;

        // An append that only lacks its line end is not shown, until a writer completes it.
        session.Events.AddRange(beyond);
        session.Unknown.RemoveRange(0, isOpened ? session.Unknown.Count : whole);
        (session.MayBeMissing, session.MayBePurged) = (false, false);
    }

    private async Task CheckListsAsync(ISessionStore store, CancellationToken cancellationToken)
    {
        var listed = new List<SessionId>();
        foreach (var trashed in (bool[])[false, true])
            listed.AddRange((await store.ListAsync(new SessionQuery(Archived: null, Trashed: trashed, Limit: 1000), cancellationToken)).Items.Select(s => s.Id));

        Assert.Empty(Sessions.Values.Where(s => s is { MayBeMissing: false, MayBePurged: false }).Select(s => s.Id).Except(listed));
        Assert.Empty(listed.Except(Sessions.Keys));
        Assert.Equal(listed.Count, listed.Distinct().Count());
    }

    // What an event names is there, and so is what was put within the hour that an event has for naming it; the rest may be.
    private async Task CheckBlobsAsync(ISessionStore store, CancellationToken cancellationToken)
    {
        var named = Sessions.Values.Where(s => !s.MayBePurged).SelectMany(s => s.Events).SelectMany(e => NamedBlobs.Of(e.Body)).Select(b => b.Sha256).ToHashSet();
        foreach (var (sha256, (content, put)) in _blobs)
        {
            await using var found = await store.FindBlobAsync(sha256, cancellationToken);
            var isNeeded = named.Contains(sha256) || put > time.GetUtcNow().AddHours(-1);
            Assert.True(found is not null || !isNeeded, $"Blob {sha256} of {content.Length} bytes is missing.");
            if (found is not null)
                Assert.Equal(sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(found, cancellationToken)));
        }
    }

    private static string Body(EventBody body) =>
        Encoding.UTF8.GetString(EventCodec.Encode(new SessionEvent(default, 1, DateTimeOffset.UnixEpoch, body), withSession: false).Span);
}
