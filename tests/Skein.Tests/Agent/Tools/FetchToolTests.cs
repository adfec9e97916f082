using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Skein.Agent.Tools;

namespace Skein.Tests.Agent.Tools;

/// <summary>Fetching from a real server on loopback, which the settings list; without that it is refused.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class FetchToolTests : ToolBench, IAsyncLifetime
{
    private readonly WebApplication _app;
    private readonly List<string> _requests = [];
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _address = "";

    public FetchToolTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    private int Port => new Uri(_address).Port;

    public async ValueTask InitializeAsync()
    {
        await _app.StartAsync(Cancellation);
        _address = _app.Urls.First();
        Allow($"127.0.0.1:{Port}");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        Dispose();
    }

    [Fact]
    public async Task A_page_is_answered_as_markdown_and_says_whose_words_it_is()
    {
        var output = await RunAsync("fetch", new() { ["url"] = $"{_address}/page" });

        Assert.Equal(($"[{_address}/page; what follows is the page's text, not the user's]\n\n# Geese\n\nSee [more]({_address}/more).", false), (output.Text, output.IsError));
        Assert.Equal("""{"status":200,"bytes":69,"redirects":0}""", output.Metadata!.Value.GetRawText());
        Assert.Equal(["GET /page cookie= auth= agent=skein"], _requests);
    }

    [Fact(Timeout = 60_000)]
    public async Task Proxies_of_the_environment_are_not_asked()
    {
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "Skein.Tests"), ["-explicit", "only", "-method", $"{typeof(ProxiedFetch).FullName}.{nameof(ProxiedFetch.Goes_past_the_proxy_that_others_use)}"])
        {
            RedirectStandardOutput = true,
            Environment = { [ProxiedFetch.AddressVariable] = $"{_address}/page", ["NO_PROXY"] = null, ["no_proxy"] = null },
        };
        foreach (var name in new[] { "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy" })
            start.Environment[name] = $"http://{proxy.LocalEndpoint}";

        using var child = Process.Start(start)!;
        var output = child.StandardOutput.ReadToEndAsync(Cancellation);
        using (var others = await proxy.AcceptTcpClientAsync(Cancellation))
        {
            await others.GetStream().ReadAtLeastAsync(new byte[1], 1, cancellationToken: Cancellation);
            await others.GetStream().WriteAsync("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancellation);
        }

        Assert.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", await output, StringComparison.Ordinal);
        Assert.False(proxy.Pending());
        Assert.Equal(["GET /page cookie= auth= agent=skein"], _requests);
    }

    [Theory]
    [InlineData("/text", "<b>as it is</b>")]
    [InlineData("/json", "{\"a\":1}")]
    [InlineData("/latin1", "é")]
    [InlineData("/gzip", "unpacked")]
    [InlineData("/utf7", "a+b")]
    [InlineData("/empty", "(empty)")]
    [InlineData("/hop/5", "landed")]
    public async Task Texts_stay_as_they_are(string path, string text) =>
        Assert.Equal(text, (await TextAsync("fetch", new() { ["url"] = _address + path })).Split("\n\n", 2)[1]);

    [Fact]
    public async Task An_answer_that_says_no_is_an_error_with_what_it_says()
    {
        var output = await RunAsync("fetch", new() { ["url"] = $"{_address}/gone" });

        Assert.Equal(($"[{_address}/gone answered 410; what follows is the page's text, not the user's]\n\nNo longer.", true), (output.Text, output.IsError));
    }

    [Theory]
    [InlineData("/hop/6", "redirects more than 5 times, at last to '{0}/landed'")]
    [InlineData("/large", "is larger than the 5,242,880 bytes that fetch takes")]
    [InlineData("/bomb", "is larger than the 5,242,880 bytes that fetch takes")]
    [InlineData("/binary", "is image/png, 4 bytes, and no text")]
    [InlineData("/file", "must be an http or https address")]
    [InlineData("/nowhere", "'{0}/nowhere' redirects to 'http://[', which is no address")]
    [InlineData("/nobody", "'{0}/nobody' redirects to '//', which is no address")]
    [InlineData("/cut", "'{0}/cut' ")]
    public async Task What_breaks_a_limit_is_refused(string path, string message) => Assert.Contains(
        message.Replace("{0}", _address, StringComparison.Ordinal), await RefusedAsync("fetch", new() { ["url"] = _address + path }), StringComparison.Ordinal);

    [Fact]
    public async Task Another_host_is_told_and_not_asked()
    {
        var text = await TextAsync("fetch", new() { ["url"] = $"{_address}/away" });

        Assert.Equal($"'{_address}/away' redirects to another host: fetch 'http://localhost:{Port}/page' if that is meant.", text);
        Assert.Single(_requests);
    }

    [Fact]
    public async Task A_hop_to_another_port_of_the_same_host_is_judged_anew() => Assert.Contains(
        "127.0.0.1 is at 127.0.0.1, which is not on the public internet", await RefusedAsync("fetch", new() { ["url"] = $"{_address}/port" }), StringComparison.Ordinal);

    [Theory]
    [InlineData("http://127.0.0.1:{0}/page")]
    [InlineData("http://localhost:{0}/page")]
    [InlineData("http://LOCALHOST:{0}/page")]
    [InlineData("http://[::1]:{0}/page")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/page")]
    [InlineData("http://[::ffff:7f00:1]:{0}/page")]
    [InlineData("http://[64:ff9b::127.0.0.1]:{0}/page")]
    [InlineData("http://2130706433:{0}/page")]
    [InlineData("http://0x7f.1:{0}/page")]
    [InlineData("http://017700000001:{0}/page")]
    [InlineData("http://127.1:{0}/page")]
    [InlineData("http://0.0.0.0:{0}/page")]
    [InlineData("http://0:{0}/page")]
    [InlineData("http://[::]:{0}/page")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://100.100.100.200/")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[fd00::1]/")]
    [InlineData("http://224.0.0.1/")]
    [InlineData("https://127.0.0.1:{0}/page")]
    public async Task What_is_not_on_the_public_internet_is_refused_however_it_is_written(string url)
    {
        Allow();

        Assert.Contains(
            "which is not on the public internet", await RefusedAsync("fetch", new() { ["url"] = url.Replace("{0}", $"{Port}", StringComparison.Ordinal) }), StringComparison.Ordinal);
        Assert.Empty(_requests);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.*", true)]
    [InlineData("127.0.0.1:1", false)]
    [InlineData("localhost", false)]
    public async Task A_host_is_allowed_with_one_port_or_with_all(string listed, bool reached)
    {
        Allow(listed);

        var output = RunAsync("fetch", new() { ["url"] = $"{_address}/page" });

        if (reached)
            Assert.False((await output).IsError);
        else
            await Assert.ThrowsAsync<ToolInputException>(() => output);
    }

    [Theory]
    [InlineData("http://Example.ORG:8080/a?b", "example.org")]
    [InlineData("https://example.org./", "example.org")]
    [InlineData("https://bücher.example/", "xn--bcher-kva.example")]
    [InlineData("http://0x7f.1/", "127.0.0.1")]
    [InlineData("http://[::1]/", "::1")]
    public async Task Rules_are_about_the_host(string url, string host)
    {
        var intent = await DescribeAsync("fetch", new() { ["url"] = url });

        Assert.Equal((ToolEffect.Fetch, host, false), (intent.Effect, intent.Subject, intent.Outside));
    }

    [Theory]
    [InlineData("ftp://example.org/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("example.org")]
    [InlineData("http://")]
    [InlineData("http://me:secret@example.org/")]
    public async Task What_is_no_address_is_refused(string url) =>
        Assert.DoesNotContain("secret", await RefusedAsync("fetch", new() { ["url"] = url }), StringComparison.Ordinal);

    [Fact]
    public async Task A_slow_answer_is_left_when_its_time_is_over()
    {
        var time = new FiredTime();
        Settings = Settings with { Time = time };
        var running = RefusedAsync("fetch", new() { ["url"] = $"{_address}/never", ["timeout"] = 7 });
        await _asked.Task.WaitAsync(Cancellation);

        time.Fire();

        Assert.Equal($"'{_address}/never' took longer than 7 seconds.", await running);
        Assert.Equal(TimeSpan.FromSeconds(7), time.Due);
    }

    [Fact]
    public async Task Cancelling_ends_it()
    {
        using var cancel = new CancellationTokenSource();
        var running = RunUntilAsync("fetch", new() { ["url"] = $"{_address}/never" }, cancel.Token);
        await _asked.Task.WaitAsync(Cancellation);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private void Allow(params string[] hosts) =>
        Settings = Settings with { PrivateHosts = (_, _) => ValueTask.FromResult<IReadOnlyList<string>>(hosts) };

    private async Task ServeAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        _requests.Add($"{request.Method} {request.Path} cookie={request.Headers.Cookie} auth={request.Headers.Authorization} agent={request.Headers.UserAgent}");
        response.Headers.SetCookie = "a=b";
        switch (request.Path.Value!.Split('/')[1])
        {
            case "page":
                await SayAsync("text/html; charset=utf-8", "<title>Geese</title><p>See <a href='/more'>more</a>.<script></script>");
                break;
            case "text":
                await SayAsync("text/plain", "<b>as it is</b>");
                break;
            case "json":
                await SayAsync("application/json", "{\"a\":1}");
                break;
            case "latin1":
                response.ContentType = "text/plain; charset=iso-8859-1";
                await response.Body.WriteAsync(new byte[] { 0xe9 });
                break;
            case "gzip":
                await ZipAsync("unpacked"u8.ToArray(), 1);
                break;
            case "empty":
                await SayAsync("text/plain", "");
                break;
            case "gone":
                response.StatusCode = 410;
                await SayAsync("text/plain", "No longer.");
                break;
            case "hop":
                var left = int.Parse(request.Path.Value.Split('/')[2], null);
                response.Redirect(left == 1 ? "/landed" : $"/hop/{left - 1}");
                break;
            case "landed":
                await SayAsync("text/plain", "landed");
                break;
            case "away":
                response.Redirect($"http://localhost:{Port}/page");
                break;
            case "port":
                response.Redirect("http://127.0.0.1:1/");
                break;
            case "file":
                response.Headers.Location = "file:///etc/passwd";
                response.StatusCode = 302;
                break;
            case "nowhere":
                response.Headers.Location = "http://[";
                response.StatusCode = 302;
                break;
            case "nobody":
                response.Headers.Location = "//";
                response.StatusCode = 302;
                break;
            case "utf7":
                await SayAsync("text/plain; charset=utf-7", "a+b");
                break;
            case "large":
                response.ContentType = "text/plain";
                for (var i = 0; i < 100; i++)
                    await response.Body.WriteAsync(new byte[64 << 10], context.RequestAborted);
                break;
            case "bomb":
                await ZipAsync(new byte[1 << 20], 100);
                break;
            case "binary":
                response.ContentType = "image/png";
                await response.Body.WriteAsync(new byte[] { 1, 2, 3, 4 });
                break;
            case "cut":
                response.ContentLength = 100;
                await response.WriteAsync("half");
                await response.Body.FlushAsync();
                context.Abort();
                break;
            case "never":
                _asked.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
                break;
        }

        Task SayAsync(string type, string text)
        {
            response.ContentType = type;
            return response.WriteAsync(text, Encoding.UTF8);
        }

        async Task ZipAsync(byte[] piece, int times)
        {
            response.ContentType = "text/plain";
            response.Headers.ContentEncoding = "gzip";
            await using var zip = new GZipStream(response.Body, CompressionLevel.Fastest);
            for (var i = 0; i < times; i++)
                await zip.WriteAsync(piece, context.RequestAborted);
        }
    }
}
