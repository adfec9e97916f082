using System.Text.Json.Serialization;
using Skein.Core.Events;
using Skein.Core.Search;
using Skein.Core.Spending;

namespace Skein.Core;

/// <summary>
/// Where sessions are kept: an append-only log each, blobs beside them, and a catalog that is derived from the logs.
/// Reading never writes and never repairs, and shows only what is durable. Safe for use by many threads.
/// </summary>
/// <remarks>
/// A session that is damaged is never answered as missing: what cannot be read comes as a <see cref="Gap"/>, or as a
/// <see cref="DamagedException"/> where nothing can be told of it.
/// </remarks>
public interface ISessionStore : IAsyncDisposable
{
    /// <summary>
    /// Makes the session with its first events, as one atomic step: <see cref="SessionCreated"/> first, or <see cref="SessionForked"/>, whose
    /// sequences go on after <see cref="ForkOrigin.Seq"/>. Completes once they survive a power loss.
    /// </summary>
    /// <exception cref="SessionExistsException">There is a session of that id.</exception>
    ValueTask<ISessionWriter> CreateAsync(SessionId session, IReadOnlyList<EventBody> bodies, Cause? by, CancellationToken cancellationToken);

    /// <summary>Takes the right to append, away from whoever had it, and mends the end of the log; <see cref="ISessionWriter.Repairs"/> tells what was found.</summary>
    /// <exception cref="SessionNotFoundException"/>
    /// <exception cref="StoreStoppedException">The log cannot be written.</exception>
    ValueTask<ISessionWriter> OpenWriterAsync(SessionId session, CancellationToken cancellationToken);

    /// <summary>The events after a sequence, inherited ones included, up to the end at the time of the call.</summary>
    /// <param name="after">Exclusive; 0 begins at the beginning.</param>
    /// <exception cref="SessionNotFoundException"/>
    /// <exception cref="CursorAheadException"><paramref name="after"/> is beyond the end.</exception>
    IAsyncEnumerable<SessionEvent> ReadAsync(SessionId session, long after, CancellationToken cancellationToken);

    /// <summary>The events before a sequence, inherited ones included, newest first.</summary>
    /// <param name="before">Exclusive; <see cref="long.MaxValue"/> begins at the end.</param>
    /// <exception cref="SessionNotFoundException"/>
    IAsyncEnumerable<SessionEvent> ReadBackAsync(SessionId session, long before, CancellationToken cancellationToken);

    /// <summary>The sequence of the event that added a message, inherited ones and hidden ones included; null when there is none.</summary>
    /// <exception cref="SessionNotFoundException"/>
    ValueTask<long?> FindMessageAsync(SessionId session, MessageId message, CancellationToken cancellationToken);

    /// <summary>The events that a request with this Idempotency-Key appended to the session, but for inherited ones; none when there was no such request.</summary>
    /// <exception cref="SessionNotFoundException"/>
    ValueTask<IReadOnlyList<SessionEvent>> FindAppendedAsync(SessionId session, string key, CancellationToken cancellationToken);

    /// <summary>Completes as soon as the session has an event after <paramref name="after"/>; at once if it has.</summary>
    /// <exception cref="SessionNotFoundException"/>
    Task WaitForChangeAsync(SessionId session, long after, CancellationToken cancellationToken);

    /// <summary>The session as of its last durable event; null when there is none of that id.</summary>
    /// <exception cref="DamagedException">There is a log, but what it is the log of cannot be read.</exception>
    ValueTask<Session?> FindAsync(SessionId session, CancellationToken cancellationToken);

    /// <summary>The session that a request with this Idempotency-Key created; null when there is none.</summary>
    ValueTask<Session?> FindByKeyAsync(string key, CancellationToken cancellationToken);

    /// <summary>A page of sessions, most recently updated first, the same instant by id.</summary>
    /// <exception cref="InvalidRequestException">The cursor is not one that this method made.</exception>
    ValueTask<SessionPage> ListAsync(SessionQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// Parts of messages that have a text, as they are found: those of the session that was updated last first, within a session the newest
    /// first. What forks inherit is found once.
    /// </summary>
    /// <exception cref="InvalidRequestException">The query breaks a rule; also while it is being carried out, where a regular expression takes too long.</exception>
    IAsyncEnumerable<SearchFinding> SearchAsync(SearchQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// The calls of models that stand in the own events of each session, those of the trash included; what a fork inherits, its origin has.
    /// Sessions come in no order; those that cannot have what is asked for are left out, others may come without a call.
    /// </summary>
    IAsyncEnumerable<SessionSpending> ReadSpendingAsync(SpendingQuery query, CancellationToken cancellationToken);

    /// <summary>Sessions as they change, from now on: the newest state of each, states in between may be left out.</summary>
    IAsyncEnumerable<Session> WatchAsync(CancellationToken cancellationToken);

    /// <summary>Sessions whose writer was not closed when the store was last open: whoever had them died.</summary>
    ValueTask<IReadOnlyList<SessionId>> FindAbandonedAsync(CancellationToken cancellationToken);

    /// <summary>Stores content once, under its hash. Durable when it returns, so that an event may name it.</summary>
    /// <param name="content">Read to its end, in bounded memory; not disposed.</param>
    ValueTask<BlobRef> PutBlobAsync(Stream content, string mediaType, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes a session in the trash for good; whoever had the right to append loses it. Forks go on reading what they inherited: of the
    /// log they need, the longest stretch that any of them refers to is kept, and shown to nobody else. Whatever happens meanwhile, the
    /// session is either as it was or purged. Completes once that survives a power loss.
    /// </summary>
    /// <exception cref="SessionNotFoundException"/>
    /// <exception cref="ConflictException">The session is not in the trash, or a turn of it has not ended.</exception>
    /// <exception cref="DamagedException">What the session is cannot be read, so that nothing tells whether it is in the trash.</exception>
    /// <exception cref="StoreStoppedException">The disk refused; the message says whether the session is still there.</exception>
    ValueTask PurgeAsync(SessionId session, CancellationToken cancellationToken);

    /// <summary>
    /// Gives back the space of what nothing needs any more: blobs that no session names, what purges kept for forks that are gone, and
    /// leftovers; logs that rest may be compressed. What cannot be proven to be unneeded is left alone and told: a log that cannot be read may name any blob. Blobs put
    /// within the last hour are spared, so that the event that will name them can be appended. Nothing is lost if it ends in between.
    /// </summary>
    ValueTask<Collected> CollectAsync(CancellationToken cancellationToken);

    /// <summary>The content of a blob; null when there is none.</summary>
    /// <exception cref="InvalidRequestException">The hash is not 64 lower-case hexadecimal digits.</exception>
    ValueTask<Stream?> FindBlobAsync(string sha256, CancellationToken cancellationToken);
}

/// <summary>The right to append to one session. There is one at a time; opening it repairs and reports. Calls may overlap: they are appended in the order made.</summary>
public interface ISessionWriter : IAsyncDisposable
{
    SessionId Session { get; }

    /// <summary>Rises with every writer of the session; an older one can no longer append.</summary>
    long Fence { get; }

    /// <summary>The last sequence that is durable.</summary>
    long LastSeq { get; }

    /// <summary>What opening found and mended in the file: torn tails, a missing newline, damage. Not yet in the log.</summary>
    IReadOnlyList<Repair> Repairs { get; }

    /// <summary>Appends the bodies as one atomic step; completes once they survive a power loss.</summary>
    /// <returns>The events as they stand in the log, numbered and dated.</returns>
    /// <exception cref="FencedException">Another writer took the session; nothing was appended.</exception>
    /// <exception cref="StoreStoppedException">The write failed and was undone; nothing was appended.</exception>
    /// <exception cref="AppendUnknownException">The outcome is not known: open a new writer and compare.</exception>
    ValueTask<IReadOnlyList<SessionEvent>> AppendAsync(IReadOnlyList<EventBody> bodies, Cause? by, CancellationToken cancellationToken);
}

/// <summary>Which sessions to list.</summary>
/// <param name="Workspace">Only of this folder; null: of all.</param>
/// <param name="Archived">Archived ones only, or none of them; null: both.</param>
/// <param name="IdStart">Only those whose id begins so behind its prefix, or whose id's random end does.</param>
/// <param name="AgentSession">Only those that their driven agent calls by this id.</param>
/// <param name="ImportedAs">Only those that were imported, and had this id where they came from.</param>
/// <param name="Follow">Also those that are lost and belong to <paramref name="Workspace"/>: their own folder is gone, and it is the same part of the same project. What that comes to stands in <paramref name="Project"/> and <paramref name="NotIn"/>; a store looks at those alone.</param>
/// <param name="Project">Those of this project also where they are not in <paramref name="Workspace"/>; without that: only those.</param>
/// <param name="NotIn">None of these folders.</param>
/// <param name="WorktreesOf">Only those that work in worktrees which were made for forks of this folder's sessions, wherever in them: what that comes to stands in <paramref name="Project"/> and <paramref name="NotIn"/> too.</param>
/// <param name="Trashed">Those in the trash instead of the others.</param>
/// <param name="TitleStart">Only those whose title begins so, to the letter.</param>
/// <param name="Cursor"><see cref="SessionPage.Next"/> of the page before; null: the first page.</param>
/// <param name="Limit">1 to 1,000.</param>
public sealed record SessionQuery(
    string? Workspace = null,
    bool? Archived = false,
    SessionStatus? Status = null,
    string? Agent = null,
    SessionId? Parent = null,
    string? IdStart = null,
    string? AgentSession = null,
    string? ImportedAs = null,
    bool Follow = false,
    Project? Project = null,
    IReadOnlyList<string>? NotIn = null,
    string? WorktreesOf = null,
    bool Trashed = false,
    string? TitleStart = null,
    string? Cursor = null,
    int Limit = 50);

/// <param name="Next">Opaque; null on the last page.</param>
/// <param name="Unread">How many sessions there are, whatever was asked for, that are in no list since they cannot be read; null: none.</param>
public sealed record SessionPage(IReadOnlyList<Session> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next, int? Unread = null);
