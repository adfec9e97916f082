using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>Pages that an agent fetches, from where the published program runs.</summary>
public sealed class FetchTests : IAsyncDisposable
{
    private readonly User _user = new();
    private readonly TcpListener _page = new(IPAddress.Loopback, 0);
    private readonly TcpListener _proxy = new(IPAddress.Loopback, 0);

    public FetchTests()
    {
        Requires.Programs("curl");
        _page.Start();
        _proxy.Start();
    }

    public ValueTask DisposeAsync()
    {
        _page.Dispose();
        _proxy.Dispose();
        return _user.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_proxy_that_the_environment_names_sees_nothing_of_them()
    {
        var (host, proxy) = ($"127.0.0.1:{PortOf(_page)}", $"http://127.0.0.1:{PortOf(_proxy)}");
        foreach (var name in (string[])["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
            _user.Variables[name] = proxy;
        await _user.GoodAsync("trust");
        _user.Write("skein.json", JsonSerializer.Serialize(new { fetch = new { @private = new[] { host } }, permissions = new[] { new { tool = "fetch", action = "allow" } } }));
        var serving = ServeAsync();

        var run = await _user.GoodAsync("run", "--json", "--model", _user.ScriptOf(
            new { type = "call", tool = "fetch", arguments = new { url = $"http://{host}/" } }, new { type = "text", text = "Read." }), "Go.");
        await serving;

        Assert.Contains("Seven geese.", run.Out, StringComparison.Ordinal);
        Assert.False(_proxy.Pending());

        // The same variables lead another program there.
        await _user.ShellAsync($"curl -s -m 1 http://{host}/");
        Assert.True(_proxy.Pending());
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private async Task ServeAsync()
    {
        using var client = await _page.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        using var asked = new StreamReader(stream);
        while (await asked.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 })
        {
        }

        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\nConnection: close\r\n\r\nSeven geese."u8.ToArray(), TestContext.Current.CancellationToken);
    }
}
