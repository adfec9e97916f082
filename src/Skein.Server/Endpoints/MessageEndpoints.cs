using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Server.Endpoints;

/// <summary>What was said: pages of messages, messages added and edited by hand, blobs.</summary>
internal static class MessageEndpoints
{
    private const int DefaultLimit = 50;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var messages = routes.MapGroup("/v1/sessions/{id}/messages").WithTags("messages");
        messages.MapGet("", ListAsync).WithSummary("A page of messages, oldest first; without 'before' the newest page")
            .WithMetadata(new QueryNames("before", "limit"));
        messages.MapGet("/{message}", GetAsync).WithSummary("One message");
        messages.MapPost("", AddAsync).WithSummary("Append a finished message without a turn");
        messages.MapPatch("/{message}", EditAsync).WithSummary("Give a message other parts");
        routes.MapPost("/v1/blobs", PutBlobAsync).WithTags("messages").WithSummary("Store content that messages to come will name")
            .WithMetadata(new SizeLimit(null));
        routes.MapGet("/v1/blobs/{sha256}", OpenBlobAsync).WithTags("messages").WithSummary("The content of a blob");
    }

    private static async Task<Ok<MessagePage>> ListAsync(string id, HttpRequest request, Sessions sessions, CancellationToken cancellationToken)
    {
        var before = QueryText.Number(request.Query, "before", 1, long.MaxValue);
        var limit = (int)(QueryText.Number(request.Query, "limit", 1, 1000) ?? DefaultLimit);
        return TypedResults.Ok(await sessions.ListMessagesAsync(SessionId.Parse(id), before, limit, cancellationToken));
    }

    private static async Task<Ok<Message>> GetAsync(string id, string message, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.GetMessageAsync(SessionId.Parse(id), MessageId.Parse(message), cancellationToken));

    private static async Task<Ok<Message>> AddAsync(
        string id, Body<NewMessage> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.AddMessageAsync(SessionId.Parse(id), body.Value, caller.By, cancellationToken));

    private static async Task<Ok<Message>> EditAsync(
        string id, string message, Body<MessageChange> body, Caller caller, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.EditMessageAsync(SessionId.Parse(id), MessageId.Parse(message), body.Value, caller.By, cancellationToken));

    // Read as it arrives: it may be larger than memory.
    private static async Task<Ok<BlobRef>> PutBlobAsync(HttpRequest request, Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.PutBlobAsync(request.Body, request.ContentType is { Length: > 0 and <= 200 } type ? type : "application/octet-stream", cancellationToken));

    // What a blob holds came from a model, a tool or a file: it is handed out as bytes to keep, never as something to show.
    private static async Task<FileStreamHttpResult> OpenBlobAsync(string sha256, Sessions sessions, CancellationToken cancellationToken)
    {
        var content = await sessions.FindBlobAsync(sha256, cancellationToken) ?? throw new RefusedException(404, "not_found", $"There is no blob {sha256}.");
        return TypedResults.Stream(content, "application/octet-stream", sha256);
    }
}
