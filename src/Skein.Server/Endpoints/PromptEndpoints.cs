using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Server.Endpoints;

/// <summary>Sessions at work: prompts, interrupts, answers.</summary>
internal static class PromptEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var session = routes.MapGroup("/v1/sessions/{id}").WithTags("turns");
        session.MapPost("/prompt", PromptAsync).WithSummary("Give the agent something to do; 202 once the prompt is durable");
        session.MapPost("/compact", CompactAsync).WithSummary("Let the agent summarise what was said, so that its context has room again; 202 once the turn has begun");
        session.MapPost("/queue/start", StartQueuedAsync).WithSummary("Start the queued prompt that is next, where no turn runs; 202 once its turn has begun");
        session.MapPatch("/queue/{turn}", EditAsync).WithSummary("Change what a queued prompt says, or tell it to the running turn");
        session.MapDelete("/queue/{turn}", WithdrawAsync).WithSummary("Take a queued prompt back");
        session.MapPost("/interrupt", InterruptAsync).WithSummary("End the running turn; answers when it has ended");
        session.MapPost("/permissions/{permission}", AnswerAsync).WithSummary("Answer a permission question");
    }

    private static async Task<Accepted<PromptAccepted>> PromptAsync(
        string id, Body<PromptRequest> body, Caller caller, Sessions sessions, CancellationToken cancellationToken)
    {
        var accepted = await sessions.PromptAsync(SessionId.Parse(id), body.Value, caller.By, cancellationToken);

        // Behind the turn, which this thread takes up next: the agent's first word is waited for longer than this answer.
        await Task.Yield();
        return TypedResults.Accepted((string?)null, accepted);
    }

    private static async Task<Accepted<PromptAccepted>> CompactAsync(
        string id, Body<CompactRequest> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Accepted((string?)null, await sessions.CompactAsync(SessionId.Parse(id), body.Value, caller.By, cancellationToken));

    private static async Task<Accepted<PromptAccepted>> StartQueuedAsync(string id, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Accepted((string?)null, await sessions.StartQueuedAsync(SessionId.Parse(id), caller.By, cancellationToken));

    private static async Task<Ok<SessionView>> EditAsync(
        string id, string turn, Body<PromptChange> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.EditQueuedAsync(SessionId.Parse(id), TurnId.Parse(turn), body.Value, caller.By, cancellationToken));

    private static async Task<Ok<SessionView>> WithdrawAsync(string id, string turn, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.WithdrawAsync(SessionId.Parse(id), TurnId.Parse(turn), caller.By, cancellationToken));

    private static async Task<Ok<InterruptOutcome>> InterruptAsync(string id, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.InterruptAsync(SessionId.Parse(id), caller.By, cancellationToken));

    private static async Task<Ok<SessionView>> AnswerAsync(
        string id, string permission, Body<PermissionReply> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.AnswerAsync(SessionId.Parse(id), PermissionId.Parse(permission), body.Value, caller.By, cancellationToken));
}
