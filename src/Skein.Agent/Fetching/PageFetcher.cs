using System.Net;
using System.Net.Http.Headers;
using Skein.Agent.Tools;

namespace Skein.Agent.Fetching;

/// <summary>What a server answered.</summary>
/// <param name="Url">Where it was found, after redirects.</param>
/// <param name="Elsewhere">It is at another host, which nobody was asked about; the body is empty then.</param>
internal sealed record FetchedPage(Uri Url, HttpStatusCode Status, MediaTypeHeaderValue? Type, byte[] Body, int Redirects, Uri? Elsewhere = null);

/// <summary>Gets one page, within limits of size and redirects; the caller's token is the limit of time.</summary>
internal static class PageFetcher
{
    /// <summary>Bytes of a body, unpacked.</summary>
    public const int MostBytes = 5 << 20;

    public const int MostRedirects = 5;

    /// <exception cref="ToolInputException">There is no answer, or one that breaks a limit; the model reads the message.</exception>
    public static async Task<FetchedPage> GetAsync(GuardedConnector connector, FetchAddress address, CancellationToken cancellationToken)
    {
        using var http = connector.Open();
        var url = address.Url;
        try
        {
            for (var redirects = 0; redirects <= MostRedirects; redirects++)
            {
                using var request = Request(url);
                using var response = await http.SendAsync(request, cancellationToken);
                if (!IsRedirect(response, out var location))
                    return new FetchedPage(url, response.StatusCode, response.Content.Headers.ContentType, await BodyAsync(response, cancellationToken), redirects);

                // Whoever was asked was asked about one host.
                if (!Uri.TryCreate(url, location, out var target))
                    throw new ToolInputException($"'{url}' redirects to '{ToolTexts.OneLine(location, 200)}', which is no address.");
                var next = FetchAddress.Parse(target.AbsoluteUri);
                if (next.Host != address.Host)
                    return new FetchedPage(url, response.StatusCode, null, [], redirects, next.Url);

                url = next.Url;
            }
        }
        catch (HttpRequestException e)
        {
            throw new ToolInputException($"'{address.Url}' cannot be fetched: {Reason(e)}");
        }
        catch (IOException e)
        {
            throw new ToolInputException($"'{address.Url}' broke off: {e.Message}");
        }

        throw new ToolInputException($"'{address.Url}' redirects more than {MostRedirects} times, at last to '{url}'.");
    }

    private static HttpRequestMessage Request(Uri url)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.UserAgent.ParseAdd("skein");
        request.Headers.Accept.ParseAdd("text/markdown, text/html;q=0.9, text/*;q=0.8, application/json;q=0.8, */*;q=0.1");
        return request;
    }

    // The header as it came: what is no address at all has no other form.
    private static bool IsRedirect(HttpResponseMessage response, out string location)
    {
        location = response.Headers.NonValidated.TryGetValues("Location", out var values) ? values.ToString() : "";
        return (int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && location.Length > 0;
    }

    private static async Task<byte[]> BodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream();
        var buffer = new byte[64 << 10];
        while (await stream.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            if (body.Length + read > MostBytes)
                throw new ToolInputException($"'{response.RequestMessage?.RequestUri}' is larger than the {MostBytes:N0} bytes that fetch takes.");

            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    private static string Reason(HttpRequestException e) => e.InnerException is { } inner ? inner.Message : e.Message;
}
