using Skein.Core.Events;
using Skein.Core.Files;
using Skein.Core.Protocol;
using Skein.Core.Redaction;

namespace Skein.Core.Running;

/// <summary>Makes sessions, new ones and forks, each once for its Idempotency-Key.</summary>
internal sealed class SessionMaker(RunnerParts parts, Runners runners, RequestRules rules, Projects projects, SessionsOptions options) : IDisposable
{
    // One at a time, so that of two requests with one key, or with one id, the second finds what the first made.
    private readonly SemaphoreSlim _making = new(1);

    /// <returns>The session, and whether this very call made it.</returns>
    public async Task<(Session Session, bool Made)> CreateAsync(NewSession request, Cause by, CancellationToken cancellationToken)
    {
        var workspace = RequestRules.Workspace(request.Workspace);
        var agent = request.Agent ?? options.DefaultAgent;
        var defined = await rules.AgentAsync(agent, workspace, cancellationToken);
        var title = request.Title is null ? null : RequestRules.Title(request.Title);
        if ((request.Model ?? defined.Model) is { } wanted)
            rules.Model(agent, wanted);
        if (request.Parent is { } parent && await parts.Store.FindAsync(parent, cancellationToken) is null)
            throw new SessionNotFoundException(parent);

        await _making.WaitAsync(cancellationToken);
        try
        {
            if (await FindMadeAsync(by.Key, cancellationToken) is { } made)
                return (made, true);

            var id = request.Id ?? parts.Ids.Next<SessionId>();
            if (request.Id is not null && await parts.Store.FindAsync(id, cancellationToken) is { } known)
                return (Same(known, request, workspace, agent), false);

            var model = request.Model ?? defined.Model ?? (agent == options.DefaultAgent || !rules.Has(agent) ? options.DefaultModel : null);
            var created = new SessionCreated(workspace, agent, model, request.Mode ?? defined.Mode ?? options.DefaultMode, title, options.Host, request.Parent);
            IReadOnlyList<EventBody> bodies = await projects.LocateAsync(workspace, null, cancellationToken) is { } located ? [created, located] : [created];
            var writer = await parts.Store.CreateAsync(id, bodies, by, cancellationToken);
            return (await runners.AdoptAsync(writer, cancellationToken), true);
        }
        finally
        {
            _making.Release();
        }
    }

    public async Task<Session> ImportAsync(ImportRequest request, Cause by, CancellationToken cancellationToken)
    {
        var workspace = RequestRules.Workspace(request.Workspace);
        var title = request.Title is null ? null : RequestRules.Title(request.Title);
        if (request.From.Length is 0 or > 200 || request.Id.Length is 0 or > 200 || request.AgentSession?.Length is 0 or > 200)
            throw new InvalidRequestException("What is imported comes from somewhere and has an id there: 'from' and 'id' must have 1 to 200 characters, like 'agent_session'.");

        // The file tells of agents and models of another machine; what is not here is no reason to lose what was said.
        var agent = request.Agent is { } wanted && rules.Has(wanted) ? wanted : options.DefaultAgent;
        var model = request.Model is { } named && rules.CanUse(agent, named) ? named : agent == options.DefaultAgent ? options.DefaultModel : null;
        await _making.WaitAsync(cancellationToken);
        try
        {
            if ((await FindMadeAsync(by.Key, cancellationToken) ?? await FindAdoptedAsync(request, cancellationToken)) is { } made)
                return made;

            var created = new SessionCreated(
                workspace, agent, model, request.Mode ?? options.DefaultMode, request.TitleSource == TitleSource.Manual ? title : null, options.Host,
                Imported: new Imported(request.From, request.Id, parts.Time.GetUtcNow()));
            var writer = await parts.Store.CreateAsync(
                parts.Ids.Next<SessionId>(), parts.Redactor.Redact(await Importing.BodiesAsync(created, request with { Title = title }, parts, cancellationToken)), by, cancellationToken);
            return await runners.AdoptAsync(writer, cancellationToken);
        }
        finally
        {
            _making.Release();
        }
    }

    public async Task<Session> ForkAsync(SessionId origin, ForkRequest request, Cause by, CancellationToken cancellationToken)
    {
        var titled = request.Title is null ? request : request with { Title = RequestRules.Title(request.Title) };
        await _making.WaitAsync(cancellationToken);
        try
        {
            if (await FindMadeAsync(by.Key, cancellationToken) is { } made)
                return made;

            var row = await parts.Store.FindAsync(origin, cancellationToken) ?? throw new SessionNotFoundException(origin);
            var fork = parts.Ids.Next<SessionId>();
            var lacks = await InheritFilesAsync(fork, origin, cancellationToken);
            var place = titled.Worktree ? await PlaceAsync(row, titled, fork, cancellationToken) : new ForkPlace(fork, row.Workspace);
            try
            {
                return await ForkAsync(row, titled, place, lacks, by, cancellationToken);
            }
            catch when (place.Worktree is not null)
            {
                await options.Worktrees!.RemoveAsync(fork, CancellationToken.None);
                throw;
            }
        }
        finally
        {
            _making.Release();
        }
    }

    // One that rests is not taken over for it: it may be compressed, and stays so.
    private async Task<Session> ForkAsync(
        Session row, ForkRequest request, ForkPlace place, FilesCheckpointFailed? lacks, Cause by, CancellationToken cancellationToken)
    {
        var writer = !runners.Has(row.Id) && !row.IsLive
            ? await Forking.ForkAsync(parts, Sessions.Usable(row), [], request, place, options.Host, by, cancellationToken)
            : await runners.RunAsync(
                row.Id,
                runner => Forking.ForkAsync(parts, Sessions.Usable(runner.Session), runner.Memory.Messages, request, place, options.Host, by, cancellationToken),
                cancellationToken);
        await using (writer)
        {
            // Also where the origin does not know it: its repository may be younger.
            List<EventBody?> told = [lacks, place.Worktree is null ? null : await projects.LocateAsync(place.Workspace, row.Project, cancellationToken)];
            if (told.OfType<EventBody>().ToList() is { Count: > 0 } bodies)
                await writer.AppendAsync(bodies, by with { Key = null }, CancellationToken.None);
            return await parts.Store.FindAsync(place.Fork, cancellationToken) ?? throw new SessionNotFoundException(place.Fork);
        }
    }

    private async Task<ForkPlace> PlaceAsync(Session origin, ForkRequest request, SessionId fork, CancellationToken cancellationToken)
    {
        if (options.Worktrees is null)
            throw new ConflictException("This server makes no worktrees.");
        string? tree = null;
        if (request.Message is { } message)
        {
            var seq = await parts.Store.FindMessageAsync(origin.Id, message, cancellationToken) ?? throw new NotInSessionException(origin.Id, $"message {message}");
            tree = await Checkpointing.FindTreeAfterAsync(parts.Store, origin, seq, cancellationToken);
        }

        var (worktree, workspace) = await options.Worktrees.AddAsync(fork, origin.Id, Sessions.Usable(origin).Workspace, request.Branch, tree, cancellationToken);
        return new ForkPlace(fork, workspace, worktree);
    }

    public void Dispose() => _making.Dispose();

    // Before the fork, whose worktree's snapshots come on top of them. It is made also without: what it lacks is told in it.
    private async Task<FilesCheckpointFailed?> InheritFilesAsync(SessionId fork, SessionId origin, CancellationToken cancellationToken)
    {
        try
        {
            if (parts.Files is { } files)
                await files.InheritAsync(fork, origin, cancellationToken);
            return null;
        }
        catch (CheckpointException e)
        {
            return new FilesCheckpointFailed($"Snapshots of files are not kept for this fork beyond its origin's life: {e.Message}");
        }
    }

    private async Task<Session?> FindMadeAsync(string? key, CancellationToken cancellationToken) =>
        key is null ? null : await parts.Store.FindByKeyAsync(key, cancellationToken);

    // Also one that has another session of its agent by now.
    private async Task<Session?> FindAdoptedAsync(ImportRequest request, CancellationToken cancellationToken)
    {
        if (request.AgentSession is not { } own)
            return null;
        var linked = await parts.Store.ListAsync(new SessionQuery(Archived: null, Agent: request.Agent, AgentSession: own, Limit: 1), cancellationToken);
        if (linked.Items is [var found])
            return found;
        var imported = await parts.Store.ListAsync(new SessionQuery(Archived: null, ImportedAs: request.Id, Limit: 1000), cancellationToken);
        return imported.Items.FirstOrDefault(s => s.Imported!.From == request.From);
    }

    private static Session Same(Session known, NewSession request, string workspace, string agent)
    {
        if (known.Workspace != workspace)
            throw new SessionExistsException(known.Id, $"the workspace {known.Workspace}, not {workspace}");
        if (request.Agent is not null && known.Agent != agent)
            throw new SessionExistsException(known.Id, $"the agent {known.Agent}, not {agent}");
        return known;
    }
}
