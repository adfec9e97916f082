using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Hosting;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Core.Search;

namespace Skein.Server.Endpoints;

/// <summary>Searching what was said, in lines of JSON that go out as they are found.</summary>
internal static class SearchEndpoints
{
    private const string Lines = "application/x-ndjson";
    private const int FlushBytes = 32 * 1024;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/search", SearchAsync).WithTags("messages").WithSummary("Look for a text in all sessions (one JSON object a line)")
            .WithMetadata(new QueryNames("text", "regex", "case", "workspace", "agent", "since", "role", "trashed", "limit", "follow"))
            .Produces(StatusCodes.Status200OK, contentType: Lines);

    private static async Task SearchAsync(HttpContext context, Sessions sessions, IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        await using var lines = sessions.SearchAsync(Read(context.Request.Query), ended.Token).GetAsyncEnumerator(ended.Token);

        // What fails before the first line is answered with a status.
        var isMore = await lines.MoveNextAsync();
        await BeginAsync(context, ended.Token);
        while (isMore)
        {
            Write(context.Response, lines.Current);
            var next = NextAsync(lines);
            if (!next.IsCompleted || context.Response.BodyWriter.UnflushedBytes > FlushBytes)
                await context.Response.BodyWriter.FlushAsync(ended.Token);
            (isMore, var refusal) = await next;
            if (refusal is not null)
                Write(context.Response, new SearchLine(Problem: Problems.Of(refusal)));
        }
    }

    private static async Task<(bool IsMore, SkeinException? Refusal)> NextAsync(IAsyncEnumerator<SearchLine> lines)
    {
        try
        {
            return (await lines.MoveNextAsync(), null);
        }
        catch (SkeinException e)
        {
            return (false, e);
        }
    }

    private static SearchQuery Read(IQueryCollection query)
    {
        var unasked = new SearchQuery("");
        return new SearchQuery(
            QueryText.Text(query, "text") ?? "",
            IsRegex: QueryText.Flag(query, "regex"),
            MatchCase: QueryText.Flag(query, "case"),
            Workspace: QueryText.Text(query, "workspace"),
            Agent: QueryText.Text(query, "agent"),
            Since: QueryText.Instant(query, "since"),
            Role: QueryText.Text(query, "role") is { } role ? RoleOf(role) : null,
            Trashed: QueryText.Flag(query, "trashed"),
            Limit: (int)(QueryText.Number(query, "limit", 1, 1000) ?? unasked.Limit),
            Follow: QueryText.Flag(query, "follow"));
    }

    private static Role RoleOf(string text) => text switch
    {
        "user" => Role.User,
        "assistant" => Role.Assistant,
        "system" => Role.System,
        "tool" => Role.Tool,
        _ => throw QueryText.Bad("role", text, "one of user, assistant, system, tool"),
    };

    private static void Write(HttpResponse response, SearchLine line)
    {
        response.BodyWriter.Write(SafeJson.Clean(JsonSerializer.SerializeToUtf8Bytes(line, SkeinJson.Relaxed.SearchLine)).Span);
        response.BodyWriter.Write("\n"u8);
    }

    private static Task BeginAsync(HttpContext context, CancellationToken cancellationToken)
    {
        // A person who reads page by page is slow, not an attack.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = Lines;
        return context.Response.StartAsync(cancellationToken);
    }
}
