using System.Runtime.Versioning;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Skein.Core;
using Skein.Server;
using Skein.Testing;

namespace Skein.Tests.Server;

public sealed class ServerLifeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_leaves_word_of_itself_in_the_home_and_takes_it_back_when_it_stops()
    {
        await using var server = await WireServer.OnTcpAsync();

        var told = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(server.Home.Below("server.json"), Cancellation), SkeinJson.Relaxed.ServerInfo);
        var asked = await server.SendAsync(HttpMethod.Get, "/v1/server", "the-token");
        await server.Server.StopAsync(Cancellation);

        Assert.Equal(server.Server.Info with { StartedAt = told!.StartedAt }, told);
        Assert.Equal(told, JsonSerializer.Deserialize(asked.Body, SkeinJson.Relaxed.ServerInfo));
        Assert.Equal((Environment.ProcessId, "1.2.3", server.Home.Path), (told.Pid, told.Version, told.Home));
        Assert.Matches("^http://127.0.0.1:[1-9][0-9]*$", told.Listen!);
        Assert.Equal([server.Home.Below("run")], Directory.GetFileSystemEntries(server.Home.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_client_may_ask_it_to_stop_and_is_answered_first()
    {
        await using var server = await WireServer.OnSocketAsync();
        Assert.False(server.Server.StopRequested.IsCompleted);

        var answer = await server.SendAsync(HttpMethod.Post, "/v1/server/stop");

        Assert.Equal(202, answer.Status);
        await server.Server.StopRequested.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task A_second_server_on_the_same_socket_is_refused_and_leaves_the_first_alone()
    {
        await using var first = await WireServer.OnSocketAsync();
        await using var sessions = WireServer.NewSessions(() => new InvalidOperationException());
        var options = new SkeinServerOptions { Home = first.Home.Path, Version = "2" };

        await Assert.ThrowsAsync<HomeException>(() => SkeinServer.StartAsync(sessions, options, NullLoggerFactory.Instance, TimeProvider.System, Cancellation));

        Assert.Equal(200, (await first.SendAsync(HttpMethod.Get, "/health")).Status);
        Assert.True(File.Exists(first.Home.Below("server.json")));
    }

    [Fact]
    public async Task An_address_that_is_taken_is_an_error_and_leaves_nothing_behind()
    {
        await using var first = await WireServer.OnTcpAsync();
        using var home = new TempFolder();
        await using var sessions = WireServer.NewSessions(() => new InvalidOperationException());
        var options = new SkeinServerOptions { Home = home.Path, Version = "2", Listen = first.Server.Info.Listen!["http://".Length..] };

        var refused = await Assert.ThrowsAsync<HomeException>(
            () => SkeinServer.StartAsync(sessions, options, NullLoggerFactory.Instance, TimeProvider.System, Cancellation));

        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
        Assert.Equal([home.Below("run")], Directory.GetFileSystemEntries(home.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_home_whose_path_is_too_long_for_a_socket_is_served_all_the_same()
    {
        using var folder = new TempFolder();
        var home = Directory.CreateDirectory(folder.Below(new string('h', 110)), OwnFolder.OnlyOwner).FullName;
        await using var sessions = WireServer.NewSessions(() => new InvalidOperationException());
        var options = new SkeinServerOptions { Home = home, Version = "1" };

        await using var server = await SkeinServer.StartAsync(sessions, options, NullLoggerFactory.Instance, TimeProvider.System, Cancellation);
        using var http = WireServer.OverSocket(server.Info.Socket);

        Assert.Equal(200, (int)(await http.GetAsync("/health", Cancellation)).StatusCode);
        Assert.False(server.Info.Socket.StartsWith(home, StringComparison.Ordinal));
        await server.StopAsync(Cancellation);
        Directory.Delete(Path.GetDirectoryName(server.Info.Socket)!);
    }
}
