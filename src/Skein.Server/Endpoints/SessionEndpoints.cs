using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Server.Endpoints;

/// <summary>Sessions as things: making, listing, changing, trash, forks and rewinds.</summary>
internal static class SessionEndpoints
{
    private const long LargestImport = 1 << 30;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var sessions = routes.MapGroup("/v1/sessions").WithTags("sessions");
        sessions.MapPost("", CreateAsync).WithSummary("Make a session, or answer the one of the id given");
        sessions.MapPost("/import", ImportAsync).WithSummary("Make a session out of messages that were said elsewhere").WithMetadata(new SizeLimit(LargestImport));
        sessions.MapGet("", ListAsync).WithSummary("List sessions, most recent first")
            .WithMetadata(new QueryNames("workspace", "archived", "status", "agent", "parent", "id_start", "agent_session", "follow", "worktrees_of", "trashed", "cursor", "limit"));
        sessions.MapGet("/{id}", GetAsync).WithSummary("One session");
        sessions.MapPatch("/{id}", ChangeAsync).WithSummary("Change title, agent, model, mode, archive or pin");
        sessions.MapDelete("/{id}", TrashAsync).WithSummary("Put it in the trash, or delete it from there for good").WithMetadata(new QueryNames("purge"));
        sessions.MapPost("/{id}/restore", RestoreAsync).WithSummary("Take it out of the trash");
        sessions.MapDelete("/{id}/live", ReleaseAsync).WithSummary("End its agent and runner, keep the session");
        sessions.MapDelete("/live", ReleaseAllAsync).WithSummary("End the agents and runners of a folder's sessions, or of all").WithMetadata(new QueryNames("workspace"));
        sessions.MapPost("/{id}/move", MoveAsync).WithSummary("Let it go on in another folder");
        sessions.MapPost("/{id}/fork", ForkAsync).WithSummary("Make a session that goes on from a message of this one");
        sessions.MapPost("/{id}/merge", MergeAsync).WithSummary("Carry what this fork did into its origin");
        sessions.MapPost("/{id}/unmerge", UnmergeAsync).WithSummary("Take the merge of this fork back");
        sessions.MapGet("/{id}/diff", DiffAsync).WithSummary("What became of its files, in all or in one turn").WithMetadata(new QueryNames("turn", "patch"));
        sessions.MapPost("/{id}/rewind", RewindAsync).WithSummary("Hide the last messages, and restore the files where asked to");
        sessions.MapPost("/{id}/unrewind", UnrewindAsync).WithSummary("Undo the last rewind");
    }

    private static async Task<Ok<SessionView>> CreateAsync(Body<NewSession> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.CreateAsync(body.Value, caller.By, cancellationToken));

    private static async Task<Ok<SessionView>> ImportAsync(Body<ImportRequest> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.ImportAsync(body.Value, caller.By, cancellationToken));

    private static async Task<Ok<SessionPage>> ListAsync(HttpRequest request, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.ListAsync(QueryText.Sessions(request.Query), cancellationToken));

    private static async Task<Ok<SessionView>> GetAsync(string id, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.GetAsync(SessionId.Parse(id), cancellationToken));

    private static async Task<Ok<SessionView>> ChangeAsync(
        string id, Body<SessionChange> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.ChangeAsync(SessionId.Parse(id), body.Value, caller.By, cancellationToken));

    private static async Task<Results<Ok<SessionView>, NoContent>> TrashAsync(
        string id, HttpRequest request, Caller caller, Sessions sessions, CancellationToken cancellationToken)
    {
        var session = SessionId.Parse(id);
        if (!QueryText.Flag(request.Query, "purge"))
            return TypedResults.Ok(await sessions.TrashAsync(session, caller.By, cancellationToken));

        await sessions.PurgeAsync(session, caller.By, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<SessionView>> RestoreAsync(string id, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.RestoreAsync(SessionId.Parse(id), caller.By, cancellationToken));

    private static async Task<NoContent> ReleaseAsync(string id, Caller caller, Sessions sessions, CancellationToken cancellationToken)
    {
        await sessions.ReleaseAsync(SessionId.Parse(id), caller.By, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<Released>> ReleaseAllAsync(HttpRequest request, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.ReleaseAllAsync(QueryText.Text(request.Query, "workspace"), caller.By, cancellationToken));

    private static async Task<Ok<SessionView>> MoveAsync(
        string id, Body<MoveRequest> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.MoveAsync(SessionId.Parse(id), body.Value, caller.By, cancellationToken));

    private static async Task<Ok<SessionView>> ForkAsync(
        string id, Body<ForkRequest> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.ForkAsync(SessionId.Parse(id), body.Value, caller.By, cancellationToken));

    private static async Task<Ok<MergeOutcome>> MergeAsync(
        string id, Body<MergeRequest> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.MergeAsync(SessionId.Parse(id), body.Value, caller.By, cancellationToken));

    private static async Task<Ok<SessionView>> UnmergeAsync(
        string id, Body<UnmergeRequest> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.UnmergeAsync(SessionId.Parse(id), body.Value, caller.By, cancellationToken));

    private static async Task<Ok<SessionDiff>> DiffAsync(string id, HttpRequest request, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.DiffAsync(
            SessionId.Parse(id), QueryText.Text(request.Query, "turn") is { } turn ? TurnId.Parse(turn) : null, QueryText.Flag(request.Query, "patch"), cancellationToken));

    private static async Task<Ok<SessionView>> RewindAsync(
        string id, Body<RewindRequest> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.RewindAsync(SessionId.Parse(id), body.Value, caller.By, cancellationToken));

    private static async Task<Ok<SessionView>> UnrewindAsync(
        string id, Body<UnrewindRequest> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.UnrewindAsync(SessionId.Parse(id), body.Value, caller.By, cancellationToken));
}
