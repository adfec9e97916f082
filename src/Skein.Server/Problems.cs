using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Skein.Core;
using Skein.Core.Files;
using Skein.Core.Protocol;

namespace Skein.Server;

/// <summary>
/// The one place where exceptions become answers. 400: it cannot be read; 422: it was read and breaks a rule. What nobody foresaw is
/// logged and told as <c>internal</c>, without its details.
/// </summary>
internal sealed class Problems(RequestDelegate next, ILogger<Problems> logger)
{
    private const int MostChanges = 100;

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response.StatusCode >= StatusCodes.Status400BadRequest)
                await WriteAsync(context, OfStatus(context));
        }
        catch (Exception e) when (e is ConnectionResetException or ConnectionAbortedException
            || (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException))
        {
            // Nobody is left to be told.
        }
        catch (Exception e) when (context.Response.HasStarted)
        {
            // A stream that ends here must not look as if it had ended well.
            logger.AnswerBroken(context.Request.Method, context.Request.Path, e);
            context.Abort();
        }
        catch (Exception e)
        {
            var problem = Of(e);
            if (problem.Code == "internal")
                logger.RequestFailed(context.Request.Method, context.Request.Path, e);
            await WriteAsync(context, problem);
        }
    }

    internal static Problem Of(Exception exception) => exception switch
    {
        RefusedException e => Make(e.Status, e),
        MalformedIdException e => Make(400, e),
        InvalidRequestException e => Make(422, e),
        SessionNotFoundException e => Make(404, e),
        NotInSessionException e => Make(404, e),
        BusyException e => Make(409, e) with { Turn = e.Turn },
        CursorAheadException e => Make(409, e) with { Last = e.Last },
        ConflictException e => Make(409, e),
        FilesChangedException e => Make(409, e) with { Changes = [.. e.Changes.Take(MostChanges)] },
        MergeConflictsException e => Make(409, e),
        CheckpointException e => Make(409, e),
        SessionExistsException e => Make(409, e),
        TrashedException e => Make(410, e),
        StoreStoppedException e => Make(503, e),
        AppendUnknownException e => Make(503, e),
        FencedException e => Make(503, e),
        SkeinException e => Make(500, e),
        BadHttpRequestException e => Make(e.StatusCode, CodeOf(e.StatusCode), e.Message),
        ObjectDisposedException or OperationCanceledException => Make(503, "stopping", "The server is stopping."),
        _ => Make(500, "internal", "The server made an error; its log tells more."),
    };

    private static Problem OfStatus(HttpContext context) => context.Response.StatusCode switch
    {
        404 => Make(404, "not_found", $"There is nothing at {context.Request.Path}."),
        405 => Make(405, "method_not_allowed", $"{context.Request.Path} cannot be asked with {context.Request.Method}."),
        var status => Make(status, CodeOf(status), ReasonPhrases.GetReasonPhrase(status)),
    };

    private static string CodeOf(int status) => status switch
    {
        413 => "too_large",
        415 => "unsupported_media_type",
        408 => "timeout",
        _ => "bad_request",
    };

    private static Problem Make(int status, SkeinException e) => Make(status, e.Code, e.Message);

    private static Problem Make(int status, string code, string detail) =>
        new("about:blank", ReasonPhrases.GetReasonPhrase(status), status, detail, code);

    private static Task WriteAsync(HttpContext context, Problem problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        if (problem.Status == StatusCodes.Status503ServiceUnavailable)
            response.Headers.RetryAfter = problem.Code == "store_stopped" ? "5" : "1";
        if (problem.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        return response.WriteAsJsonAsync(problem, SkeinJson.Relaxed.Problem, "application/problem+json", context.RequestAborted);
    }
}
