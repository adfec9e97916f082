using System.Runtime.CompilerServices;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Client;

/// <summary>The lines of a search as they come.</summary>
internal static class LineStream
{
    public static async IAsyncEnumerable<SearchLine> ReadAsync(
        Connection connection, ApiRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(await connection.OpenAsync(request, cancellationToken).ConfigureAwait(false));
        while (await NextAsync(connection, reader, cancellationToken).ConfigureAwait(false) is { } text)
        {
            var line = Parse(connection, text);
            if (line.Problem is { } problem)
                throw Problems.ToException(problem, request);

            yield return line;
            if (line.End is not null)
                yield break;
        }

        throw Broken(connection, null);
    }

    private static async Task<string?> NextAsync(Connection connection, StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw Broken(connection, e);
        }
    }

    // Whoever is cut off may be so in the middle of a line.
    private static SearchLine Parse(Connection connection, string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, SkeinJson.Relaxed.SearchLine) ?? throw new JsonException("A line of a search holds null.");
        }
        catch (JsonException e)
        {
            throw Broken(connection, e);
        }
    }

    // What was found has been handed out: to begin again would hand it out twice.
    private static ServerUnreachableException Broken(Connection connection, Exception? inner) => new(connection.Shown, "The answer to the search broke off.", inner);
}
