using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Skein.Core.Running;
using Skein.Core.Spending;

namespace Skein.Server.Endpoints;

/// <summary>What was spent.</summary>
internal static class SpendingEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/spending", SumAsync).WithTags("server").WithSummary("What models were paid, by day, session, model, workspace or agent")
            .WithMetadata(new QueryNames("by", "workspace", "agent", "since", "follow"));

    private static async Task<Ok<SpendingReport>> SumAsync(HttpContext context, Sessions sessions, CancellationToken cancellationToken)
    {
        var query = context.Request.Query;
        return TypedResults.Ok(await sessions.SumSpendingAsync(
            new SpendingQuery(
                QueryText.Text(query, "by") is { } by ? By(by) : SpendingBy.Day,
                QueryText.Text(query, "workspace"),
                QueryText.Text(query, "agent"),
                QueryText.Instant(query, "since"),
                QueryText.Flag(query, "follow")),
            cancellationToken));
    }

    private static SpendingBy By(string text)
    {
        foreach (var by in Enum.GetValues<SpendingBy>())
        {
            if (text == Word(by))
                return by;
        }

        throw QueryText.Bad("by", text, "one of " + string.Join(", ", Enum.GetValues<SpendingBy>().Select(Word)));
    }

    private static string Word(SpendingBy by) => by.ToString().ToLowerInvariant();
}
