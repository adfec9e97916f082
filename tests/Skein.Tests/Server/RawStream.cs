namespace Skein.Tests.Server;

/// <summary>A stream of server-sent events as its bytes say, frame by frame.</summary>
internal sealed class RawStream(HttpResponseMessage response, StreamReader reader) : IDisposable
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public string? MediaType => response.Content.Headers.ContentType?.MediaType;

    /// <summary>Returns as soon as the answer has begun.</summary>
    public static async Task<RawStream> OpenAsync(HttpClient http, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal(200, (int)response.StatusCode);
        return new RawStream(response, new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation)));
    }

    /// <summary>The lines of the next frame; none at the end.</summary>
    public async Task<List<string>> NextAsync()
    {
        List<string> lines = [];
        while (await reader.ReadLineAsync(Cancellation) is { Length: > 0 } line)
            lines.Add(line);
        return lines;
    }

    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
    }
}
