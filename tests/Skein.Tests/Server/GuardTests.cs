using System.Runtime.Versioning;
using Skein.Core;

namespace Skein.Tests.Server;

public sealed class GuardTests
{
    [Fact]
    public async Task Over_tcp_only_health_is_answered_without_the_token()
    {
        await using var server = await WireServer.OnTcpAsync();

        var health = await server.SendAsync(HttpMethod.Get, "/health");
        var without = await server.SendAsync(HttpMethod.Get, "/v1/server");
        var wrong = await server.SendAsync(HttpMethod.Get, "/v1/server", token: "the-tokem");
        var inUrl = await server.SendAsync(HttpMethod.Get, "/v1/server?token=the-token&access_token=the-token");
        var unknown = await server.SendAsync(HttpMethod.Get, "/nowhere");
        var right = await server.SendAsync(HttpMethod.Get, "/v1/server", token: "the-token");

        Assert.Equal((200, """{"status":"ok","version":"1.2.3"}"""), (health.Status, health.Body));
        Assert.Equal((401, "unauthorized"), without.Problem);
        Assert.Equal("Bearer", without.Headers.WwwAuthenticate.ToString());
        Assert.Equal((401, "unauthorized"), wrong.Problem);
        Assert.Equal((401, "unauthorized"), inUrl.Problem);
        Assert.Equal((401, "unauthorized"), unknown.Problem);
        Assert.Equal(200, right.Status);
    }

    [Fact]
    public async Task Over_tcp_who_shows_the_token_for_reading_reads_and_changes_nothing()
    {
        await using var server = await WireServer.OnTcpAsync(o => o with { ReadToken = "to-read" });
        (HttpMethod, string)[] changes =
        [
            (HttpMethod.Post, "/v1/sessions"), (HttpMethod.Post, "/v1/sessions/any/prompt"), (HttpMethod.Patch, "/v1/sessions/any"), (HttpMethod.Delete, "/v1/sessions/any"),
            (HttpMethod.Put, "/nowhere"), (HttpMethod.Post, "/v1/server/stop"),
        ];

        var reads = await server.SendAsync(HttpMethod.Get, "/v1/server", token: "to-read");
        var refused = new List<(int, string)>();
        foreach (var (method, path) in changes)
            refused.Add((await server.SendAsync(method, path, token: "to-read", json: "{}")).Problem);

        Assert.Equal(200, reads.Status);
        Assert.Equal(Enumerable.Repeat((403, "read_only"), changes.Length), refused);
        Assert.False(server.Server.StopRequested.IsCompleted);
        Assert.Equal((401, "unauthorized"), (await server.SendAsync(HttpMethod.Get, "/v1/server", token: "to-reads")).Problem);
    }

    [Fact]
    public async Task The_token_for_reading_is_not_the_servers_own()
    {
        var same = await Assert.ThrowsAsync<InvalidRequestException>(() => WireServer.OnTcpAsync(o => o with { ReadToken = "the-token" }));

        Assert.Contains("must be another than the server's own", same.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evil.example", 403)]
    [InlineData("127.0.0.1.evil.example:80", 403)]
    [InlineData("localhost:1", 200)]
    [InlineData("LOCALHOST", 200)]
    [InlineData("[::1]:7788", 200)]
    [InlineData("allowed.example:99", 200)]
    [InlineData("[fe80::1]:99", 200)]
    public async Task Over_tcp_a_request_must_be_addressed_to_a_host_of_the_list(string host, int status)
    {
        await using var server = await WireServer.OnTcpAsync(o => o with { AllowHosts = ["allowed.example", "[fe80::1]"] });

        var answer = await server.SendAsync(HttpMethod.Get, "/health", more: r => r.Headers.Host = host);

        Assert.Equal(status, answer.Status);
        if (status == 403)
            Assert.Equal((403, "host_refused"), answer.Problem);
    }

    [Theory]
    [InlineData("https://evil.example", 403)]
    [InlineData("null", 403)]
    [InlineData("http://localhost:8", 403)]
    [InlineData("http://localhost:7", 200)]
    [InlineData("https://localhost:7", 200)]
    public async Task Over_tcp_a_page_of_another_origin_is_refused_even_with_the_token(string origin, int status)
    {
        await using var server = await WireServer.OnTcpAsync();

        var answer = await server.SendAsync(HttpMethod.Get, "/v1/server", token: "the-token", more: r =>
        {
            r.Headers.Host = "localhost:7";
            r.Headers.Add("Origin", origin);
        });

        Assert.Equal(status, answer.Status);
        if (status == 403)
            Assert.Equal((403, "origin_refused"), answer.Problem);
    }

    [Fact]
    public async Task The_unix_socket_asks_for_no_token_and_no_host()
    {
        await using var server = await WireServer.OnSocketAsync();

        var answer = await server.SendAsync(HttpMethod.Get, "/v1/server", more: r => r.Headers.Host = "anything");

        Assert.Equal(200, answer.Status);
        Assert.Null(server.Server.Token);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_token_is_made_where_none_is_given_and_kept_for_the_owner_alone()
    {
        await using var server = await WireServer.StartAsync(o => o with { Listen = "127.0.0.1:0" }, null);

        var token = server.Server.Token!;
        var answer = await server.SendAsync(HttpMethod.Get, "/v1/server", token);

        Assert.Equal(200, answer.Status);
        Assert.Equal(43, token.Length);
        Assert.Equal(token, File.ReadAllText(server.Home.Below("server.token")).TrimEnd());
        Assert.DoesNotContain(token, File.ReadAllText(server.Home.Below("server.json")), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(server.Home.Below("server.token")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(server.Home.Below("server.json")));
    }

    [Theory]
    [InlineData("0.0.0.0:0")]
    [InlineData("[::]:0")]
    [InlineData("192.0.2.1:7788")]
    public async Task An_address_that_others_reach_is_refused_unless_hosts_are_allowed(string listen)
    {
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => WireServer.StartAsync(o => o with { Listen = listen }, null));

        Assert.Contains("--allow-host", refused.Message, StringComparison.Ordinal);
        Assert.Contains(listen, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("7788")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("::1:7788")]
    [InlineData("example.org:80")]
    public async Task A_malformed_address_is_named(string listen)
    {
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => WireServer.StartAsync(o => o with { Listen = listen }, null));

        Assert.Contains($"'{listen}'", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("example.org:80")]
    [InlineData("http://example.org")]
    [InlineData("*")]
    [InlineData("::1")]
    [InlineData("")]
    public async Task A_host_that_could_never_match_is_refused(string host) =>
        await Assert.ThrowsAsync<InvalidRequestException>(() => WireServer.StartAsync(o => o with { Listen = "127.0.0.1:0", AllowHosts = [host] }, null));

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("tökén")]
    public async Task A_token_that_cannot_travel_in_a_header_is_refused(string token) =>
        await Assert.ThrowsAsync<InvalidRequestException>(() => WireServer.StartAsync(o => o with { Listen = "127.0.0.1:0", Token = token }, null));
}
