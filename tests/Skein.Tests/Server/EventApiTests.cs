using System.Runtime.CompilerServices;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Tests.Server;

public sealed class EventApiTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_replays_with_ids_types_and_envelopes_and_goes_on()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        await AddAsync(api, id, "one");

        using var stream = await RawStream.OpenAsync(api.Http, $"/v1/sessions/{id}/events");
        var created = await stream.NextAsync();
        var added = await stream.NextAsync();
        await AddAsync(api, id, "two");
        var live = await stream.NextAsync();

        Assert.Equal("text/event-stream", stream.MediaType);
        Assert.Equal(["id: 1", "event: session.created"], created[..2]);
        Assert.Equal(["id: 2", "event: message.added"], added[..2]);
        Assert.Equal(["id: 3", "event: message.added"], live[..2]);
        var envelope = JsonElement.Parse(live[2]["data: ".Length..]);
        Assert.Equal(["v", "session", "seq", "at", "type", "by", "data"], envelope.EnumerateObject().Select(p => p.Name));
        Assert.Equal((id.Value, 3, "sdk"), (envelope.GetProperty("session").GetString(), envelope.GetProperty("seq").GetInt32(), envelope.GetProperty("by").GetProperty("who").GetString()));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    public async Task A_bit_flipped_in_any_record_is_a_gap_and_all_else_is_streamed_and_listed_and_gone_on_with(int line)
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        for (var n = 2; n <= 6; n++)
            await AddAsync(api, id, $"message {n}");
        await api.StopAsync();
        var bytes = await File.ReadAllBytesAsync(api.LogOf(id), Cancellation);
        int[] starts = [0, .. bytes.Index().Where(b => b.Item == (byte)'\n').Select(b => b.Index + 1)];
        bytes[(starts[line - 1] + starts[line]) / 2] ^= 4;
        await File.WriteAllBytesAsync(api.LogOf(id), bytes, Cancellation);
        await api.OpenAsync();

        using var all = await RawStream.OpenAsync(api.Http, $"/v1/sessions/{id}/events");
        using var resumed = await RawStream.OpenAsync(api.Http, $"/v1/sessions/{id}/events", lastEventId: $"{line - 1}");
        var frames = new List<List<string>>();
        for (var n = 1; n <= 6; n++)
            frames.Add(await all.NextAsync());
        var messages = await api.Client.ListMessagesAsync(id, null, 50, Cancellation);
        await AddAsync(api, id, "after");

        Assert.Equal(
            Enumerable.Range(1, 6).Select(n => $"id: {n} event: {(n == line ? "gap" : n == 1 ? "session.created" : "message.added")}"),
            frames.Select(f => string.Join(' ', f[..2])));
        Assert.Equal(frames[line - 1], await resumed.NextAsync());
        Assert.Equal($$"""data: {"from":{{line}},"to":{{line}}}""", frames[line - 1][2]);
        var damage = Assert.Single((await api.Client.GetAsync(id, Cancellation)).Session.Damage);
        Assert.Equal((starts[line - 1], starts[line] - starts[line - 1]), (damage.Offset, damage.Length));
        Assert.Equal(Enumerable.Range(2, 5).Where(n => n != line).Select(n => $"message {n}"), messages.Items.Select(m => m.Text));
        Assert.Equal("event: session.repaired", (await all.NextAsync())[1]);
        Assert.Equal("event: message.added", (await all.NextAsync())[1]);
        Assert.Equal(bytes, (await File.ReadAllBytesAsync(api.LogOf(id), Cancellation))[..bytes.Length]);
    }

    [Fact]
    public async Task A_stream_begins_at_once_where_there_is_nothing_to_replay_and_beats_while_nothing_happens()
    {
        var clock = new ManualClock();
        await using var api = await ApiServer.StartAsync(clock);
        var id = await api.NewSessionAsync();

        using var stream = await RawStream.OpenAsync(api.Http, $"/v1/sessions/{id}/events?after=1");
        clock.Advance(TimeSpan.FromSeconds(15));
        var beat = await stream.NextAsync();
        clock.Advance(TimeSpan.FromSeconds(15));
        var second = await stream.NextAsync();
        await AddAsync(api, id, "one");
        var live = await stream.NextAsync();

        Assert.Equal([":"], beat);
        Assert.Equal([":"], second);
        Assert.Equal("id: 2", live[0]);
    }

    [Theory]
    [InlineData("?after=2", null, 3)]
    [InlineData("", "2", 3)]
    [InlineData("?after=0", "3", 4)]
    [InlineData("?after=4", "0", 1)]
    public async Task The_last_event_id_is_the_cursor_and_wins_over_the_url(string query, string? lastEventId, int first)
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        for (var i = 0; i < 3; i++)
            await AddAsync(api, id, "x");

        using var stream = await RawStream.OpenAsync(api.Http, $"/v1/sessions/{id}/events{query}", lastEventId);

        Assert.Equal($"id: {first}", (await stream.NextAsync())[0]);
    }

    [Fact]
    public async Task A_cursor_beyond_the_end_is_a_problem_that_names_the_end()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();

        using var response = await api.Http.GetAsync($"/v1/sessions/{id}/events?after=2", Cancellation);
        var problem = JsonElement.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        var thrown = await Assert.ThrowsAsync<CursorAheadException>(
            () => api.Client.FollowAsync(id, 9, Cancellation).GetAsyncEnumerator(Cancellation).MoveNextAsync().AsTask());

        Assert.Equal((409, "cursor_ahead", 1), ((int)response.StatusCode, problem.GetProperty("code").GetString(), problem.GetProperty("last").GetInt32()));
        Assert.Equal((id, 9, 1), (thrown.Session, thrown.After, thrown.Last));
    }

    [Fact]
    public async Task Two_followers_receive_the_same_sequence_and_are_counted()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        await using var first = api.Client.FollowAsync(id, 1, Cancellation).GetAsyncEnumerator(Cancellation);
        await using var second = api.Client.FollowAsync(id, 1, Cancellation).GetAsyncEnumerator(Cancellation);
        var (ofFirst, ofSecond) = (EventsAsync(first, 41), EventsAsync(second, 41));

        for (var i = 0; i < 40; i++)
            await AddAsync(api, id, $"m{i}");
        await Task.WhenAll(ofFirst, ofSecond);

        Assert.Equal(Enumerable.Range(2, 40).Select(n => (long)n), (await ofFirst).Select(e => e.Seq));
        Assert.Equal((await ofFirst).Select(Line), (await ofSecond).Select(Line));
        Assert.Equal(2, (await api.Client.GetAsync(id, Cancellation)).Clients);
    }

    [Fact]
    public async Task Text_that_is_arriving_comes_as_deltas_also_to_who_attaches_in_the_middle()
    {
        var gate = new TaskCompletionSource();
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Kind(TalkAsync));
        var id = await api.NewSessionAsync();
        await api.Client.PromptAsync(id, new PromptRequest("go"), Cancellation);

        await using var early = api.Client.FollowAsync(id, 0, Cancellation).GetAsyncEnumerator(Cancellation);
        var heardEarly = await TextAsync(early, 11);
        await using var late = api.Client.FollowAsync(id, 0, Cancellation).GetAsyncEnumerator(Cancellation);
        var heardLate = await TextAsync(late, 11);
        gate.SetResult();
        var done = await api.EventAsync<PartAdded>(id);

        Assert.Equal(("half a sent", "half a sent"), (heardEarly, heardLate));
        Assert.Equal(new TextPart("half a sentence"), done.Content);

        async IAsyncEnumerable<AgentOutput> TalkAsync(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var (message, part) = (turn.Ids.Next<MessageId>(), turn.Ids.Next<PartId>());
            yield return ScriptedAgent.Begin(message);
            yield return new AgentDelta(message, part, StreamKind.Text, "half a ");
            yield return new AgentDelta(message, part, StreamKind.Text, "sent");
            await gate.Task.WaitAsync(cancellationToken);
            yield return new AgentDelta(message, part, StreamKind.Text, "ence");
            yield return new AgentEvents([new PartAdded(message, part, new TextPart("half a sentence")), new MessageCompleted(message, StopReason.End)]);
        }
    }

    [Fact]
    public async Task The_feed_of_all_tells_the_live_sessions_first_and_then_what_changes()
    {
        var gate = new TaskCompletionSource();
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Kind(WaitAsync));
        var (live, idle) = (await api.NewSessionAsync(), await api.NewSessionAsync());
        await api.Client.PromptAsync(live, new PromptRequest("go"), Cancellation);

        using var raw = await RawStream.OpenAsync(api.Http, "/v1/events");
        var lines = await raw.NextAsync();
        await using var rows = api.Client.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await rows.MoveNextAsync());
        var first = rows.Current;
        await api.Client.ChangeAsync(idle, new SessionChange(Title: "changed"), Cancellation);
        while (rows.Current.Session != idle)
            Assert.True(await rows.MoveNextAsync());
        var changed = rows.Current;
        gate.SetResult();

        Assert.Equal("event: session", lines[0]);
        Assert.Equal(["session", "seq", "row"], JsonElement.Parse(lines[1]["data: ".Length..]).EnumerateObject().Select(p => p.Name));
        Assert.Equal((live, SessionStatus.Running), (first.Session, first.Row.Status));
        Assert.Equal((2, "changed"), (changed.Seq, changed.Row.Title));

        async IAsyncEnumerable<AgentOutput> WaitAsync(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await gate.Task.WaitAsync(cancellationToken);
            await foreach (var output in ScriptedAgent.Say(turn, "ok"))
                yield return output;
        }
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_streams()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        using var stream = await RawStream.OpenAsync(api.Http, $"/v1/sessions/{id}/events?after=1");

        await api.Server.StopAsync(Cancellation);

        Assert.Empty(await stream.NextAsync());
    }

    [Fact]
    public async Task A_reader_that_does_not_read_is_waited_for_and_misses_nothing()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        using var stream = await RawStream.OpenAsync(api.Http, $"/v1/sessions/{id}/events?after=1");

        // More than all buffers on the way hold.
        var text = new string('x', 1 << 20);
        for (var i = 0; i < 8; i++)
            await AddAsync(api, id, text);

        for (var seq = 2; seq <= 9; seq++)
            Assert.Equal($"id: {seq}", (await stream.NextAsync())[0]);
    }

    private static string Line(SessionEvent e) => System.Text.Encoding.UTF8.GetString(EventCodec.Encode(e, withSession: true).Span);

    private static Task<Message> AddAsync(ApiServer api, SessionId id, string text) =>
        api.Client.AddMessageAsync(id, new NewMessage(Role.User, [new TextPart(text)]), Cancellation);

    private static async Task<IReadOnlyList<SessionEvent>> EventsAsync(IAsyncEnumerator<FeedFrame> feed, long upTo)
    {
        List<SessionEvent> events = [];
        while (events is not [.., { Seq: var seq }] || seq < upTo)
        {
            Assert.True(await feed.MoveNextAsync());
            if (feed.Current is EventFrame frame)
                events.Add(frame.Event);
        }

        return events;
    }

    private static async Task<string> TextAsync(IAsyncEnumerator<FeedFrame> feed, int length)
    {
        var text = "";
        while (text.Length < length)
        {
            Assert.True(await feed.MoveNextAsync());
            if (feed.Current is DeltaFrame { Delta: var delta })
                text = text[..delta.Offset] + delta.Text;
        }

        return text;
    }
}
