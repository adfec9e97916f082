using System.Security.Cryptography;
using System.Text;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.EndToEnd;

/// <summary>
/// One who works with sessions of its own, and knows of each what it was last told: after a kill a session is as it was then, or as
/// the one call would have made it that had no answer.
/// </summary>
internal sealed class KilledServerClient(Random random, string workspace)
{
    private readonly IdSource _ids = new(TimeProvider.System);
    private readonly Dictionary<SessionId, Known> _sessions = [];
    private (SessionId Session, Known? After)? _unanswered;
    private Known? _unansweredFork;
    private int _texts;

    /// <param name="Texts">The visible messages.</param>
    private sealed record Known(IReadOnlyList<string> Texts, bool Archived = false, bool Trashed = false)
    {
        public override string ToString() => $"{(Archived ? "archived " : "")}{(Trashed ? "trashed " : "")}{string.Join(" | ", Texts)}";
    }

    /// <summary>Compares every session, and takes over what became of the call that had no answer.</summary>
    public async Task CheckAsync(SkeinClient api, CancellationToken cancellationToken)
    {
        foreach (var (session, known) in _sessions.ToList())
        {
            var found = await FindAsync(api, session, cancellationToken);
            if (_unanswered is { } call && call.Session == session && found?.ToString() == call.After?.ToString())
            {
                if (found is null)
                    _sessions.Remove(session);
                else
                    _sessions[session] = found;
                continue;
            }

            Assert.Equal(known.ToString(), found?.ToString());
        }

        if (_unanswered is { After: { } made } created && !_sessions.ContainsKey(created.Session) && await FindAsync(api, created.Session, cancellationToken) is { } there)
        {
            Assert.Equal(made.ToString(), there.ToString());
            _sessions[created.Session] = there;
        }

        await CheckForksAsync(api, cancellationToken);
        (_unanswered, _unansweredFork) = (null, null);
    }

    /// <summary>Calls until one has no answer, or enough were made.</summary>
    /// <param name="acknowledged">Told of every answer; false ends it.</param>
    public async Task WorkAsync(SkeinClient api, Func<bool> acknowledged, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await StepAsync(api, cancellationToken);
                (_unanswered, _unansweredFork) = (null, null);
                if (!acknowledged())
                    return;
            }
        }
        catch (Exception e) when (e is SkeinException or IOException or HttpRequestException)
        {
            // The server was killed.
            Assert.IsNotType<InvalidRequestException>(e);
            Assert.IsNotType<ConflictException>(e);
        }
    }

    private Task StepAsync(SkeinClient api, CancellationToken cancellationToken)
    {
        var usable = _sessions.Where(s => !s.Value.Trashed).ToList();
        if (usable.Count == 0 || (usable.Count < 5 && random.Next(8) == 0))
            return CreateAsync(api, cancellationToken);

        var (session, known) = usable[random.Next(usable.Count)];
        return random.Next(20) switch
        {
            < 9 => AddAsync(api, session, known, [], cancellationToken),
            < 11 => AddWithBlobAsync(api, session, known, cancellationToken),
            < 13 when known.Texts.Count > 0 => RewindAsync(api, session, known, cancellationToken),
            < 15 when known.Texts.Count > 0 && usable.Count < 6 => ForkAsync(api, session, known, cancellationToken),
            < 17 => DoAsync(session, known with { Archived = !known.Archived }, () => api.ChangeAsync(session, new SessionChange(Archived: !known.Archived), cancellationToken)),
            17 => DoAsync(session, known with { Trashed = true }, () => api.TrashAsync(session, cancellationToken)),
            18 when random.Next(2) == 0 => EmptyTrashAsync(api, cancellationToken),
            18 => RestoreAsync(api, cancellationToken),
            _ => api.CollectAsync(cancellationToken),
        };
    }

    private Task CreateAsync(SkeinClient api, CancellationToken cancellationToken)
    {
        var session = _ids.Next<SessionId>();
        return DoAsync(session, new Known([]), () => api.CreateAsync(new NewSession(workspace, Id: session), cancellationToken));
    }

    private Task AddAsync(SkeinClient api, SessionId session, Known known, IReadOnlyList<Part> files, CancellationToken cancellationToken)
    {
        var text = $"text {++_texts} {new string('x', random.Next(random.Next(5) == 0 ? 20_000 : 40))}{(files.Count > 0 ? " with a file" : "")}";
        return DoAsync(
            session, known with { Texts = [.. known.Texts, text] },
            () => api.AddMessageAsync(session, new NewMessage(Role.User, [new TextPart(text), .. files]), cancellationToken));
    }

    private async Task AddWithBlobAsync(SkeinClient api, SessionId session, Known known, CancellationToken cancellationToken)
    {
        var content = Encoding.UTF8.GetBytes($"{random.Next(20)} {new string('y', random.Next(100_000))}");
        var blob = await api.PutBlobAsync(() => new MemoryStream(content), "text/plain", cancellationToken);
        await AddAsync(api, session, known, [new FilePart("text/plain", "y.txt", blob)], cancellationToken);
    }

    private async Task RewindAsync(SkeinClient api, SessionId session, Known known, CancellationToken cancellationToken)
    {
        var messages = await api.ListMessagesAsync(session, null, 1000, cancellationToken);
        var last = random.Next(messages.Items.Count);
        await DoAsync(
            session, known with { Texts = [.. known.Texts.Take(last + 1)] },
            () => api.RewindAsync(session, new RewindRequest(messages.Items[last].Id), cancellationToken));
    }

    private async Task ForkAsync(SkeinClient api, SessionId session, Known known, CancellationToken cancellationToken)
    {
        var messages = await api.ListMessagesAsync(session, null, 1000, cancellationToken);
        var last = random.Next(messages.Items.Count);
        _unansweredFork = new Known([.. known.Texts.Take(last + 1)]);
        var fork = await api.ForkAsync(session, new ForkRequest(messages.Items[last].Id), cancellationToken);
        _sessions[fork.Session.Id] = _unansweredFork;
    }

    private async Task EmptyTrashAsync(SkeinClient api, CancellationToken cancellationToken)
    {
        foreach (var session in _sessions.Where(s => s.Value.Trashed).Select(s => s.Key).ToList())
            await DoAsync(session, null, () => api.PurgeAsync(session, cancellationToken));
    }

    private async Task RestoreAsync(SkeinClient api, CancellationToken cancellationToken)
    {
        if (_sessions.FirstOrDefault(s => s.Value.Trashed) is { Value: { } known } trashed)
            await DoAsync(trashed.Key, known with { Trashed = false }, () => api.RestoreAsync(trashed.Key, cancellationToken));
    }

    private async Task DoAsync(SessionId session, Known? after, Func<Task> call)
    {
        _unanswered = (session, after);
        await call();
        if (after is null)
            _sessions.Remove(session);
        else
            _sessions[session] = after;
    }

    // Whose fork a session is that nobody was told of, its first messages say: no two texts of a client are the same.
    private async Task CheckForksAsync(SkeinClient api, CancellationToken cancellationToken)
    {
        var page = await api.ListAsync(new SessionQuery(Archived: null, Limit: 1000), cancellationToken);
        foreach (var row in page.Items.Where(s => s.ForkedFrom is { } from && _sessions.ContainsKey(from.Session) && !_sessions.ContainsKey(s.Id)))
        {
            var fork = await FindAsync(api, row.Id, cancellationToken);
            Assert.Equal(_unansweredFork?.ToString(), fork?.ToString());
            _sessions[row.Id] = fork!;
            _unansweredFork = null;
        }
    }

    private static async Task<Known?> FindAsync(SkeinClient api, SessionId session, CancellationToken cancellationToken)
    {
        try
        {
            var row = (await api.GetAsync(session, cancellationToken)).Session;
            var messages = await api.ListMessagesAsync(session, null, 1000, cancellationToken);
            foreach (var blob in messages.Items.SelectMany(m => m.Parts).Select(p => p.Content).OfType<FilePart>().Select(f => f.Content!))
            {
                await using var content = await api.OpenBlobAsync(blob.Sha256, cancellationToken);
                Assert.Equal(blob.Sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken)));
            }

            return new Known([.. messages.Items.Select(m => m.Text)], row.Archived, row.TrashedAt is not null);
        }
        catch (SessionNotFoundException)
        {
            return null;
        }
    }
}
