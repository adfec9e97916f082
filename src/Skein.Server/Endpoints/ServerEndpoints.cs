using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Server.Endpoints;

/// <summary>The server itself.</summary>
internal static class ServerEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", Health).WithTags("server").WithSummary("Whether the server lives; needs no token");
        routes.MapGet("/v1/server", Info).WithTags("server").WithSummary("What the server is and where it listens");
        routes.MapPost("/v1/server/stop", Stop).WithTags("server").WithSummary("Stop the server; running turns are interrupted");
        routes.MapPost("/v1/server/gc", CollectAsync).WithTags("server").WithSummary("Give back the space of what nothing needs any more");
        routes.MapGet("/openapi/v1.json", DescribeAsync).ExcludeFromDescription();
    }

    private static Ok<ServerHealth> Health(SelfDescription self) => TypedResults.Ok(new ServerHealth("ok", self.Version));

    private static async Task<Ok<ServerInfo>> Info(SelfDescription self) => TypedResults.Ok(await self.Info);

    private static async Task<Ok<Collected>> CollectAsync(Sessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(await sessions.CollectAsync(cancellationToken));

    private static async Task<ContentHttpResult> DescribeAsync(HttpContext context, CancellationToken cancellationToken) =>
        TypedResults.Content(await ApiDescription.MakeAsync(context.RequestServices, cancellationToken), "application/json");

    private static Accepted Stop(HttpContext context, StopRequest stop)
    {
        // The answer goes out first: whoever is told to stop may end the process at once.
        context.Response.OnCompleted(() =>
        {
            stop.Make();
            return Task.CompletedTask;
        });
        return TypedResults.Accepted((string?)null);
    }
}
