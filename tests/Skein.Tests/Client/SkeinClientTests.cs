using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Skein.Client;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;
using Skein.Tests.Server;

namespace Skein.Tests.Client;

public sealed class SkeinClientTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_prompt_whose_answer_was_lost_is_carried_out_once()
    {
        await using var api = await ApiServer.StartAsync();
        await using var proxy = new CuttingProxy(_folder.Below("p"), api.Server.Info.Socket);
        await using var client = SkeinClient.ForSocket(proxy.Path);
        var id = await api.NewSessionAsync();

        proxy.LoseAnswers(2);
        var accepted = await client.PromptAsync(id, new PromptRequest("hello"), Cancellation);
        await api.EventAsync<TurnCompleted>(id, accepted.Seq);

        Assert.Equal(3, proxy.Connections);
        Assert.Equal(["hello", "You said: hello"], await api.TextsAsync(id));
        Assert.Equal(accepted.Turn, Assert.Single((await api.LogAsync(id)).Select(e => e.Body).OfType<TurnStarted>()).Turn);
    }

    [Fact]
    public async Task A_follower_whose_connection_is_cut_again_and_again_has_no_gap_and_no_duplicate()
    {
        await using var api = await ApiServer.StartAsync();
        await using var proxy = new CuttingProxy(_folder.Below("p"), api.Server.Info.Socket);
        await using var client = SkeinClient.ForSocket(proxy.Path);
        var id = await api.NewSessionAsync();

        await using var feed = client.FollowAsync(id, 1, Cancellation).GetAsyncEnumerator(Cancellation);
        List<long> seen = [];
        for (var round = 0; round < 6; round++)
        {
            for (var i = 0; i < 10; i++)
            {
                await api.Client.AddMessageAsync(id, new NewMessage(Role.User, [new TextPart($"m{i}")]), Cancellation);
                if (i == 5)
                    proxy.Cut();
            }

            while (seen.Count < 10 * (round + 1) && await feed.MoveNextAsync())
                seen.Add(((EventFrame)feed.Current).Event.Seq);
        }

        Assert.Equal(Enumerable.Range(2, 60).Select(n => (long)n), seen);
        Assert.InRange(proxy.Connections, 6, 7);
    }

    [Fact]
    public async Task A_follower_goes_on_over_a_restart_of_the_server()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        await using var feed = api.Client.FollowAsync(id, 0, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await feed.MoveNextAsync());

        var next = feed.MoveNextAsync();
        await api.StopAsync();
        await api.OpenAsync();
        await api.Client.ChangeAsync(id, new SessionChange(Title: "after"), Cancellation);

        Assert.True(await next);
        Assert.Equal(new SessionTitled("after", TitleSource.Manual), ((EventFrame)feed.Current).Event.Body);
    }

    [Fact]
    public async Task Where_nobody_ever_answered_a_call_fails_at_once()
    {
        await using var client = SkeinClient.ForSocket(_folder.Below("none"));
        await using var onTcp = SkeinClient.ForUrl(new Uri("http://127.0.0.1:9"), "token");

        var socket = await Assert.ThrowsAsync<ServerUnreachableException>(() => client.GetHealthAsync(Cancellation));
        var tcp = await Assert.ThrowsAsync<ServerUnreachableException>(() => onTcp.GetHealthAsync(Cancellation));
        var feed = await Assert.ThrowsAsync<ServerUnreachableException>(
            () => client.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation).MoveNextAsync().AsTask());

        Assert.Contains(_folder.Below("none"), socket.Message, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:9", tcp.Message, StringComparison.Ordinal);
        Assert.Equal("server_unreachable", feed.Code);
    }

    [Fact]
    public async Task A_follower_gives_up_when_the_server_is_away_for_too_long()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        await using var client = SkeinClient.ForSocket(api.Server.Info.Socket, new SkeinClientOptions { Patience = TimeSpan.FromMilliseconds(200) });
        await using var feed = client.FollowAsync(id, 0, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await feed.MoveNextAsync());

        await api.Server.StopAsync(Cancellation);

        await Assert.ThrowsAsync<ServerUnreachableException>(() => feed.MoveNextAsync().AsTask());
    }

    [Fact]
    public async Task A_stream_that_is_silent_for_too_long_counts_as_lost()
    {
        await using var server = new OddServer(_folder.Below("odd"), "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", keepOpen: true);
        await using var client = SkeinClient.ForSocket(server.Path, new SkeinClientOptions { Silence = TimeSpan.FromMilliseconds(50) });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var feed = client.WatchAsync(stop.Token).GetAsyncEnumerator(stop.Token);

        var next = feed.MoveNextAsync().AsTask();
        await server.AskedAsync(3);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    [Fact]
    public async Task A_follower_waits_for_the_server_after_one_that_stops()
    {
        const string Stopping = """{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"It stops.","code":"stopping"}""";
        await using var server = new OddServer(_folder.Below("odd"), $"HTTP/1.1 503 Service Unavailable\r\nContent-Length: {Stopping.Length}\r\n\r\n{Stopping}", keepOpen: false);
        await using var client = SkeinClient.ForSocket(server.Path, new SkeinClientOptions { Patience = TimeSpan.FromMilliseconds(100) });

        var call = await Assert.ThrowsAsync<ProblemException>(() => client.GetServerAsync(Cancellation));
        var feed = await Assert.ThrowsAsync<ServerUnreachableException>(
            () => client.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation).MoveNextAsync().AsTask());
        await server.AskedAsync(3);

        Assert.Equal((503, "stopping"), (call.Status, call.Code));
        Assert.Contains("It stops.", feed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_of_another_program_is_told_as_such()
    {
        await using var server = new OddServer(_folder.Below("odd"), "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 12\r\n\r\n<h1>Oh</h1>\r\n", keepOpen: false);
        await using var client = SkeinClient.ForSocket(server.Path);

        var problem = await Assert.ThrowsAsync<ProblemException>(() => client.GetServerAsync(Cancellation));

        Assert.Equal((502, "not_skein"), (problem.Status, problem.Code));
        Assert.Contains("<h1>Oh</h1>", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_follower_ends_with_its_cancellation()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var feed = api.Client.FollowAsync(id, 1, stop.Token).GetAsyncEnumerator(stop.Token);
        var next = feed.MoveNextAsync();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.AsTask());
    }

    [Fact]
    public async Task Frames_that_a_later_server_sends_are_passed_over_or_carried()
    {
        const string Body = """
            event: future.live
            data: {"x":1}

            id: 1
            event: future.event
            data: {"v":1,"session":"ses_01kah3q6x9v3m8zr5t0w2y4b6c","seq":1,"at":"2026-11-21T08:46:22.123Z","type":"future.event","data":{"y":2}}

            id: 3
            event: gap
            data: {"from":2,"to":3}

            """;
        var id = SessionId.Parse("ses_01kah3q6x9v3m8zr5t0w2y4b6c");
        await using var server = new OddServer(_folder.Below("odd"), $"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{Body}\n", keepOpen: true);
        await using var client = SkeinClient.ForSocket(server.Path);

        var events = await ApiServer.TakeAsync(client.FollowAsync(id, 0, Cancellation), 3);

        Assert.Equal("future.event", Assert.IsType<UnknownEvent>(events[0].Body).Type);
        Assert.Equal((3, 2, 3), (events[1].Seq, Assert.IsType<Gap>(events[1].Body).From, ((Gap)events[1].Body).To));
        Assert.Equal(2, events.Count);
    }

    [Fact]
    public async Task Whoever_lets_a_stream_go_reads_no_more_of_it()
    {
        const string Row = "id: 1\nevent: gap\ndata: {\"from\":1,\"to\":1}\n\n";
        await using var server = new OddServer(
            _folder.Below("odd"), $"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n{Row.Length:x}\r\n{Row}\r\n1000000\r\n", keepOpen: true);
        await using var client = SkeinClient.ForSocket(server.Path);

        await foreach (var _ in client.FollowAsync(SessionId.Parse("ses_01kah3q6x9v3m8zr5t0w2y4b6c"), 0, Cancellation))
            break;

        Assert.Equal(0, await server.PourAsync(1 << 20));
    }

    [Fact]
    public async Task A_prompt_that_is_too_large_is_told_so_before_it_is_sent()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();

        var problem = await Assert.ThrowsAsync<ProblemException>(
            () => api.Client.PromptAsync(id, new PromptRequest(new string('x', 33 << 20)), Cancellation));

        Assert.Equal((413, "too_large"), (problem.Status, problem.Code));
    }

    [Fact]
    public async Task A_blob_is_read_as_it_was_stored_and_one_that_is_not_there_is_a_problem()
    {
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Kind(KeepAsync));
        var id = await api.NewSessionAsync();
        await api.TurnAsync(id, "keep");
        var whole = ((ToolResultPart)(await api.EventAsync<PartAdded>(id, 0, e => e.Content is ToolResultPart)).Content).Whole!;

        await using var content = await api.Client.OpenBlobAsync(whole.Sha256, Cancellation);
        using var reader = new StreamReader(content);
        var missing = await Assert.ThrowsAsync<ProblemException>(() => api.Client.OpenBlobAsync(new string('0', 64), Cancellation));

        Assert.Equal("big content", await reader.ReadToEndAsync(Cancellation));
        Assert.Equal((404, "not_found"), (missing.Status, missing.Code));
        await Assert.ThrowsAsync<InvalidRequestException>(() => api.Client.OpenBlobAsync("not-a-hash", Cancellation));

        static async IAsyncEnumerable<AgentOutput> KeepAsync(
            ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var blob = await turn.PutBlobAsync(new MemoryStream(Encoding.UTF8.GetBytes("big content")), "text/plain", cancellationToken);
            var message = turn.Ids.Next<MessageId>();
            yield return ScriptedAgent.Begin(message);
            yield return new PartAdded(message, turn.Ids.Next<PartId>(), new ToolCallPart("c1", "bash", JsonElement.Parse("{}")));
            yield return new PartAdded(message, turn.Ids.Next<PartId>(), new ToolResultPart("c1", "big", Whole: blob));
            yield return new MessageCompleted(message, StopReason.End);
        }
    }
}
