using System.Net;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Client;

/// <summary>Turns a refusal of the server back into the exception that refused.</summary>
internal static class Problems
{
    private const int LongestQuote = 200;

    public static async Task<Exception> ReadAsync(HttpResponseMessage response, ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return ToException(Parse(body, response.StatusCode), request);
    }

    public static Exception ToException(Problem problem, ApiRequest request)
    {
        var text = problem.Detail ?? problem.Title;
        return (problem.Code, request.Session) switch
        {
            ("invalid_request", _) => new InvalidRequestException(text),
            ("conflict", _) => new ConflictException(text),
            ("store_stopped", _) => new StoreStoppedException(text),
            ("damaged", _) => new DamagedException(text),
            ("session_not_found", { } session) => new SessionNotFoundException(session),
            ("trashed", { } session) => new TrashedException(session),
            ("fenced", { } session) => new FencedException(session),
            ("busy", { } session) when problem.Turn is { } turn => new BusyException(session, turn),
            ("files_changed", { } session) when problem.Changes is { } changes => new FilesChangedException(session, changes),
            ("cursor_ahead", { } session) when problem.Last is { } last => new CursorAheadException(session, request.After, last),
            _ => new ProblemException(problem),
        };
    }

    // Something between us and the server (a proxy, another program on the port) may answer in its own way.
    private static Problem Parse(byte[] body, HttpStatusCode status)
    {
        try
        {
            if (JsonSerializer.Deserialize(body, SkeinJson.Relaxed.Problem) is { } problem)
                return problem;
        }
        catch (JsonException)
        {
            // Told below, with what was said instead.
        }

        var said = System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, LongestQuote)));
        return new Problem("about:blank", status.ToString(), (int)status, $"The answer {(int)status} is not a problem in Skein's form: '{said}'.", "not_skein");
    }
}
