using System.Runtime.CompilerServices;
using Skein.Core.Events;
using Skein.Core.Files;
using Skein.Core.Protocol;
using Skein.Core.Search;
using Skein.Core.Spending;

namespace Skein.Core.Running;

/// <summary>
/// Sessions that follow a project which was moved. A session is lost when its own folder is gone, or has become a part of something else;
/// a lost one is listed in every folder that is the same part of the same project. A clone beside the folder takes nothing from it.
/// </summary>
/// <param name="find">What a folder is a part of; null: nobody knows.</param>
internal sealed class Projects(ISessionStore store, Func<string, CancellationToken, ValueTask<Project?>>? find)
{
    /// <summary>What to append to a session that does not know yet what its folder is a part of; null: nothing.</summary>
    public async ValueTask<SessionLocated?> LocateAsync(string workspace, Project? known, CancellationToken cancellationToken) =>
        known is null && await FindAsync(workspace, cancellationToken) is { } project ? new SessionLocated(project.Root, project.Path) : null;

    /// <summary>A page of sessions, with those that are lost and belong here where the query follows.</summary>
    public async Task<SessionPage> ListAsync(SessionQuery query, CancellationToken cancellationToken)
    {
        RequestRules.Limit(query.Limit);
        if (query.WorktreesOf is { } origin)
            return await ListWorktreesAsync(query, origin, cancellationToken);
        var (project, living) = await FindLostAsync(query.Follow, query.Workspace, cancellationToken);
        return await store.ListAsync(query with { Project = project, NotIn = living }, cancellationToken);
    }

    /// <summary>The same for a search.</summary>
    public async Task<SearchQuery> FollowAsync(SearchQuery query, CancellationToken cancellationToken)
    {
        var (project, living) = await FindLostAsync(query.Follow, query.Workspace, cancellationToken);
        return query with { Project = project, NotIn = living };
    }

    /// <summary>The same for what was spent.</summary>
    public async Task<SpendingQuery> FollowAsync(SpendingQuery query, CancellationToken cancellationToken)
    {
        var (project, living) = await FindLostAsync(query.Follow, query.Workspace, cancellationToken);
        return query with { Project = project, NotIn = living };
    }

    // The lost sessions that belong to a folder are those of its project that are in none of the folders where it lives on.
    private async Task<(Project? Project, IReadOnlyList<string>? Living)> FindLostAsync(bool follow, string? workspace, CancellationToken cancellationToken)
    {
        if (!follow || workspace is null || await FindAsync(workspace, cancellationToken) is not { } project)
            return (null, null);

        var living = new List<string>();
        await foreach (var folder in FoldersOfAsync(project, workspace, cancellationToken))
        {
            if (!await IsLostAsync(folder, project, cancellationToken))
                living.Add(folder);
        }

        return (project, living);
    }

    private async Task<SessionPage> ListWorktreesAsync(SessionQuery query, string origin, CancellationToken cancellationToken)
    {
        if (await FindAsync(origin, cancellationToken) is not { } project)
            return new SessionPage([], null);

        var others = new List<string> { origin };
        await foreach (var folder in FoldersOfAsync(project, origin, cancellationToken))
        {
            if (!Worktree.IsBeside(origin, folder) || !Directory.Exists(folder))
                others.Add(folder);
        }

        return await store.ListAsync(query with { Project = project, NotIn = others }, cancellationToken);
    }

    // One after the other: they are few, however many sessions there are.
    private async IAsyncEnumerable<string> FoldersOfAsync(Project project, string but, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new List<string> { but };
        while (await FindElsewhereAsync(project, seen, cancellationToken) is { } folder)
        {
            seen.Add(folder);
            yield return folder;
        }
    }

    /// <summary>What to append so that a session works in a folder from now on; nothing where it does already.</summary>
    /// <exception cref="InvalidRequestException">The folder does not exist.</exception>
    public async Task<IReadOnlyList<EventBody>> MoveAsync(Session session, MoveRequest request, CancellationToken cancellationToken)
    {
        var workspace = RequestRules.Workspace(request.Workspace);
        if (workspace == session.Workspace)
            return [];

        var project = await FindAsync(workspace, cancellationToken);
        if (request.IfLost && (project is null || project != session.Project || !await IsLostAsync(session.Workspace, project, cancellationToken)))
            return [];

        return project is null || project == session.Project
            ? [new SessionMoved(workspace)]
            : [new SessionMoved(workspace), new SessionLocated(project.Root, project.Path)];
    }

    private ValueTask<Project?> FindAsync(string workspace, CancellationToken cancellationToken) =>
        find is not null && Directory.Exists(workspace) ? find(workspace, cancellationToken) : ValueTask.FromResult<Project?>(null);

    private async ValueTask<bool> IsLostAsync(string folder, Project project, CancellationToken cancellationToken) =>
        await FindAsync(folder, cancellationToken) != project;

    private async Task<string?> FindElsewhereAsync(Project project, List<string> seen, CancellationToken cancellationToken)
    {
        var page = await store.ListAsync(new SessionQuery(Archived: null, Project: project, NotIn: seen, Limit: 1), cancellationToken);
        return page.Items is [var one, ..] ? one.Workspace : null;
    }
}
