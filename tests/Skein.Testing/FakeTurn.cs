using System.Collections.Concurrent;
using System.Security.Cryptography;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Redaction;

namespace Skein.Testing;

/// <summary>A turn without a runner: it keeps its blobs in memory and answers questions as it is told to.</summary>
/// <param name="blobs">Whose blobs it shares; null: it has its own.</param>
public sealed class FakeTurn(Session session, IReadOnlyList<Message> messages, FakeTurn? blobs = null) : ITurn
{
    private readonly ConcurrentDictionary<string, byte[]> _blobs = blobs?._blobs ?? new();
    private readonly ConcurrentQueue<PermissionAsked> _asked = new();
    private readonly ConcurrentQueue<Message> _steered = new();
    private TaskCompletionSource _whenSteered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TurnId Id { get; init; } = new IdSource(TimeProvider.System).Next<TurnId>();
    public Session Session { get; } = session;
    /// <summary>The prompt belongs to the turn.</summary>
    public IReadOnlyList<Message> Messages => field ??= messages is [.., { Role: Role.User, Turn: null } prompt] ? [.. messages.SkipLast(1), prompt with { Turn = Id }] : messages;
    public TurnCompaction? Compaction { get; init; }
    public string? System { get; init; }
    public IReadOnlyList<string>? Tools { get; init; }
    public Effort? Effort { get; init; }
    public TurnLimits Limits { get; init; } = TurnLimits.None;
    public IdSource Ids { get; } = new(TimeProvider.System);
    public Redactor Redactor { get; init; } = Redactor.RulesOnly;

    /// <summary>How questions are answered; without it, with no.</summary>
    public Func<PermissionAsked, CancellationToken, Task<PermissionAnswered>>? Answer { get; init; }

    /// <summary>What is waited for before a call that may change files goes on; without it, nothing.</summary>
    public Func<CancellationToken, Task>? ReadyForChanges { get; init; }

    /// <summary>What reading a blob throws; null: blobs can be read.</summary>
    public Exception? Damage { get; init; }

    public IReadOnlyList<PermissionAsked> Asked => [.. _asked];

    public Task Steered => _whenSteered.Task;

    public void Steer(Message message)
    {
        _steered.Enqueue(message);
        _whenSteered.TrySetResult();
    }

    public async Task<PermissionAnswered> AskAsync(PermissionAsked question, CancellationToken cancellationToken)
    {
        _asked.Enqueue(question);
        return Answer is null ? new PermissionAnswered(question.Permission, PermissionAnswer.No) : await Answer(question, cancellationToken);
    }

    public Task ReadyForChangesAsync(CancellationToken cancellationToken) => ReadyForChanges?.Invoke(cancellationToken) ?? Task.CompletedTask;

    public ValueTask<TurnSpent> FindSpentAsync(CancellationToken cancellationToken)
    {
        var calls = Messages.Where(m => m.Model is not null && m.Turn == Id).ToList();
        return new(new TurnSpent(calls.Count, calls.Sum(m => m.Cost ?? 0)));
    }

    public ValueTask<IReadOnlyList<Message>> TakeSteeredAsync(CancellationToken cancellationToken)
    {
        _whenSteered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var taken = new List<Message>();
        while (_steered.TryDequeue(out var message))
            taken.Add(message);
        return ValueTask.FromResult<IReadOnlyList<Message>>(taken);
    }

    public ValueTask<BlobRef> PutBlobAsync(Stream content, string mediaType, CancellationToken cancellationToken) =>
        BlobRedaction.PutAsync(Redactor, KeepAsync, content, mediaType, cancellationToken);

    private async ValueTask<BlobRef> KeepAsync(Stream content, string mediaType, CancellationToken cancellationToken)
    {
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, cancellationToken);
        var bytes = copy.ToArray();
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        _blobs[hash] = bytes;
        return new BlobRef(hash, bytes.Length, mediaType);
    }

    public ValueTask<Stream?> FindBlobAsync(string sha256, CancellationToken cancellationToken) =>
        Damage is not null ? throw Damage : ValueTask.FromResult<Stream?>(_blobs.TryGetValue(sha256, out var bytes) ? new MemoryStream(bytes, writable: false) : null);
}
