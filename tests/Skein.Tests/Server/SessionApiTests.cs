using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using Skein.Cli.Commands;
using Skein.Client;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Server;

public sealed class SessionApiTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_is_one_flat_object_in_snake_case()
    {
        await using var api = await ApiServer.StartAsync();

        using var response = await api.Http.PostAsJsonAsync("/v1/sessions", new { workspace = api.Workspace, title = "Ünïcode 𝄞", surprise = 1 }, Cancellation);
        var session = System.Text.Json.JsonElement.Parse(await response.Content.ReadAsStringAsync(Cancellation));

        Assert.Equal((200, "application/json"), ((int)response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        Assert.StartsWith("ses_", session.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            (1, "idle", "Ünïcode 𝄞", api.Workspace, "scripted", "ask", 0, 0),
            (session.GetProperty("seq").GetInt32(), session.GetProperty("status").GetString(), session.GetProperty("title").GetString(),
                session.GetProperty("workspace").GetString(), session.GetProperty("agent").GetString(), session.GetProperty("mode").GetString(),
                session.GetProperty("clients").GetInt32(), session.GetProperty("damage").GetArrayLength()));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", session.GetProperty("created_at").GetString()!);
    }

    [Fact]
    public async Task A_session_asked_for_twice_with_one_key_is_made_once()
    {
        await using var api = await ApiServer.StartAsync();

        var first = await api.Client.CreateAsync(new NewSession(api.Workspace), Cancellation, key: "again");
        var second = await api.Client.CreateAsync(new NewSession(api.Workspace), Cancellation, key: "again");
        var other = await api.Client.CreateAsync(new NewSession(api.Workspace), Cancellation);

        Assert.Equal(first.Session.Id, second.Session.Id);
        Assert.NotEqual(first.Session.Id, other.Session.Id);
        Assert.Equal(2, (await api.Client.ListAsync(new SessionQuery(), Cancellation)).Items.Count);
    }

    [Fact]
    public async Task A_given_id_that_exists_is_the_same_session_with_its_model_updated_or_a_conflict()
    {
        await using var api = await ApiServer.StartAsync();
        var id = SessionId.Parse("ses_01kah3q6x9v3m8zr5t0w2y4b6c");

        await api.Client.CreateAsync(new NewSession(api.Workspace, Id: id), Cancellation);
        var again = await api.Client.CreateAsync(new NewSession(api.Workspace, Model: "scripted/other", Id: id), Cancellation);
        var refused = await Assert.ThrowsAsync<ProblemException>(() => api.Client.CreateAsync(new NewSession("/", Id: id), Cancellation));

        Assert.Equal((id, "scripted/other"), (again.Session.Id, again.Session.Model));
        Assert.Equal((409, "session_exists"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Sessions_are_listed_in_pages_most_recent_first()
    {
        var clock = new ManualClock();
        await using var api = await ApiServer.StartAsync(clock);
        List<SessionId> made = [];
        for (var i = 0; i < 5; i++)
        {
            made.Add(await api.NewSessionAsync());
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        await api.Client.ChangeAsync(made[0], new SessionChange(Title: "The latest"), Cancellation);
        await api.Client.ChangeAsync(made[4], new SessionChange(Archived: true), Cancellation);

        var first = await api.Client.ListAsync(new SessionQuery(Workspace: api.Workspace, Limit: 3), Cancellation);
        var second = await api.Client.ListAsync(new SessionQuery(Workspace: api.Workspace, Limit: 3, Cursor: first.Next), Cancellation);

        Assert.Equal([made[0], made[3], made[2]], first.Items.Select(s => s.Id));
        Assert.Equal([made[1]], second.Items.Select(s => s.Id));
        Assert.Null(second.Next);
        Assert.Equal([made[4]], (await api.Client.ListAsync(new SessionQuery(Archived: true), Cancellation)).Items.Select(s => s.Id));
        Assert.Equal(5, (await api.Client.ListAsync(new SessionQuery(Archived: null), Cancellation)).Items.Count);
        Assert.Empty((await api.Client.ListAsync(new SessionQuery(Workspace: "/elsewhere"), Cancellation)).Items);
        Assert.Empty((await api.Client.ListAsync(new SessionQuery(Status: SessionStatus.Running), Cancellation)).Items);
        Assert.Empty((await api.Client.ListAsync(new SessionQuery(Agent: "other"), Cancellation)).Items);
    }

    [Fact]
    public async Task What_is_changed_is_read_again_and_what_breaks_a_rule_is_refused()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();

        await api.Client.ChangeAsync(id, new SessionChange(Title: " A title ", Model: "scripted/m", Mode: PermissionMode.Auto, Pinned: true), Cancellation);
        var read = (await api.Client.GetAsync(id, Cancellation)).Session;

        Assert.Equal(("A title", "scripted/m", PermissionMode.Auto, true), (read.Title, read.Model, read.Mode, read.Pinned));
        await Assert.ThrowsAsync<InvalidRequestException>(() => api.Client.ChangeAsync(id, new SessionChange(Title: new string('x', 101)), Cancellation));
        await Assert.ThrowsAsync<InvalidRequestException>(() => api.Client.ChangeAsync(id, new SessionChange(Agent: "nobody"), Cancellation));
        await Assert.ThrowsAsync<InvalidRequestException>(() => api.Client.ChangeAsync(id, new SessionChange(Model: "none/such"), Cancellation));
        await Assert.ThrowsAsync<InvalidRequestException>(() => api.Client.CreateAsync(new NewSession("/no/such/folder"), Cancellation));
    }

    [Fact]
    public async Task The_trash_takes_no_prompts_until_the_session_is_restored()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();

        var trashed = await api.Client.TrashAsync(id, Cancellation);
        var refused = await Assert.ThrowsAsync<TrashedException>(() => api.Client.PromptAsync(id, new PromptRequest("x"), Cancellation));
        var listed = await api.Client.ListAsync(new SessionQuery(), Cancellation);
        var inTrash = await api.Client.ListAsync(new SessionQuery(Trashed: true), Cancellation);
        var restored = await api.Client.RestoreAsync(id, Cancellation);

        Assert.NotNull(trashed.Session.TrashedAt);
        Assert.Equal(id, refused.Session);
        Assert.Empty(listed.Items);
        Assert.Equal([id], inTrash.Items.Select(s => s.Id));
        Assert.Null(restored.Session.TrashedAt);
    }

    // N-16, C-15.
    [Fact]
    public async Task What_is_in_the_trash_can_be_deleted_for_good_and_nothing_else()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();

        await Assert.ThrowsAsync<ConflictException>(() => api.Client.PurgeAsync(id, Cancellation));
        using var odd = await api.Http.DeleteAsync($"/v1/sessions/{id}?purge=maybe", Cancellation);
        await api.Client.TrashAsync(id, Cancellation);
        using var purged = await api.Http.DeleteAsync($"/v1/sessions/{id}?purge=true", Cancellation);
        using var again = await api.Http.DeleteAsync($"/v1/sessions/{id}?purge=true", Cancellation);

        Assert.Equal((400, 204, 404), ((int)odd.StatusCode, (int)purged.StatusCode, (int)again.StatusCode));
        Assert.Empty((await api.Client.ListAsync(new SessionQuery(Trashed: true), Cancellation)).Items);
    }

    [Fact]
    public async Task A_purge_whose_answer_was_lost_can_be_asked_for_again()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        await api.Client.TrashAsync(id, Cancellation);

        await api.Client.PurgeAsync(id, Cancellation, key: "lost");
        await api.Client.PurgeAsync(id, Cancellation, key: "lost");

        await Assert.ThrowsAsync<SessionNotFoundException>(() => api.Client.PurgeAsync(id, Cancellation, key: "another"));
    }

    [Fact]
    public async Task A_collection_tells_what_it_gave_back_and_what_it_left()
    {
        await using var api = await ApiServer.StartAsync();

        var collected = await api.Client.CollectAsync(Cancellation);
        using var response = await api.Http.PostAsync("/v1/server/gc", null, Cancellation);

        Assert.Equal((Reclaimed.Nothing, Reclaimed.Nothing, Reclaimed.Nothing, 0), (collected.Blobs, collected.Origins, collected.Leftovers, collected.Problems.Count));
        Assert.Equal(
            """{"blobs":{"files":0,"bytes":0},"origins":{"files":0,"bytes":0},"leftovers":{"files":0,"bytes":0},"compressed":{"files":0,"bytes":0},"problems":[],"snapshots":{"files":0,"bytes":0}}""",
            await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task A_session_that_is_not_there_is_told_as_such_by_every_call()
    {
        await using var api = await ApiServer.StartAsync();
        var id = SessionId.Parse("ses_01kah3q6x9v3m8zr5t0w2y4b6c");
        var client = api.Client;

        Func<Task>[] calls =
        [
            () => client.GetAsync(id, Cancellation),
            () => client.ChangeAsync(id, new SessionChange(Pinned: true), Cancellation),
            () => client.TrashAsync(id, Cancellation),
            () => client.PurgeAsync(id, Cancellation),
            () => client.RestoreAsync(id, Cancellation),
            () => client.ReleaseAsync(id, Cancellation),
            () => client.PromptAsync(id, new PromptRequest("x"), Cancellation),
            () => client.InterruptAsync(id, Cancellation),
            () => client.ForkAsync(id, new ForkRequest(), Cancellation),
            () => client.RewindAsync(id, new RewindRequest(), Cancellation),
            () => client.UnrewindAsync(id, new UnrewindRequest(), Cancellation),
            () => client.ListMessagesAsync(id, null, 10, Cancellation),
            () => client.GetMessageAsync(id, MessageId.Parse("msg_01kah3q6x9v3m8zr5t0w2y4b6c"), Cancellation),
            () => client.AddMessageAsync(id, new NewMessage(Role.User, [new TextPart("x")]), Cancellation),
            () => client.FollowAsync(id, 0, Cancellation).GetAsyncEnumerator(Cancellation).MoveNextAsync().AsTask(),
        ];

        foreach (var call in calls)
            Assert.Equal(id, (await Assert.ThrowsAsync<SessionNotFoundException>(call)).Session);
    }

    // P-18.
    [Fact]
    public async Task The_live_parts_of_a_folders_sessions_are_ended_at_once_and_the_sessions_stay()
    {
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Kind(Wait));
        var elsewhere = Directory.CreateDirectory(Path.Combine(api.Workspace, "elsewhere")).FullName;
        SessionId[] here = [await api.NewSessionAsync(), await api.NewSessionAsync()];
        var there = (await api.Client.CreateAsync(new NewSession(elsewhere), Cancellation)).Session.Id;
        foreach (var session in (SessionId[])[.. here, there])
        {
            await api.Client.PromptAsync(session, new PromptRequest("Wait."), Cancellation);
            await api.EventAsync<MessageAdded>(session, 0, m => m.Role == Role.Assistant);
        }

        var released = await api.Client.ReleaseAllAsync(api.Workspace + "/", Cancellation);

        Assert.Equal(here.OrderBy(s => s.Value, StringComparer.Ordinal), released.Sessions);
        foreach (var session in here)
            Assert.Equal(SessionStatus.Interrupted, (await api.Client.GetAsync(session, Cancellation)).Session.Status);
        Assert.Equal(SessionStatus.Running, (await api.Client.GetAsync(there, Cancellation)).Session.Status);
        Assert.Equal([there], (await api.Client.ReleaseAllAsync(null, Cancellation)).Sessions);
        Assert.Empty((await api.Client.ReleaseAllAsync(null, Cancellation)).Sessions);

        static async IAsyncEnumerable<AgentOutput> Wait(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return ScriptedAgent.Begin(turn.Ids.Next<MessageId>());
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    // P-15.
    [Fact]
    public async Task A_session_is_found_by_what_its_agent_calls_it()
    {
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Kind(Link));
        var linked = await api.NewSessionAsync();
        await api.TurnAsync(linked, "6f1c2a4e-0b1d-4c47-9a39-d8f0b6f6b0aa");
        await api.TurnAsync(await api.NewSessionAsync(), "Thread_2");

        Assert.Equal(linked, await SessionName.ResolveAsync(api.Client, "6f1c2a4e-0b1d-4c47-9a39-d8f0b6f6b0aa", api.Workspace, Cancellation));
        await Assert.ThrowsAsync<NoSuchSessionException>(() => SessionName.ResolveAsync(api.Client, "Thread_3", api.Workspace, Cancellation));
        await api.TurnAsync(await api.NewSessionAsync(), "Thread_2");
        await Assert.ThrowsAsync<UsageException>(() => SessionName.ResolveAsync(api.Client, "Thread_2", api.Workspace, Cancellation));
        await api.StopAsync();
        await api.OpenAsync();
        Assert.Equal(linked, await SessionName.ResolveAsync(api.Client, "6f1c2a4e-0b1d-4c47-9a39-d8f0b6f6b0aa", api.Workspace, Cancellation));

        static async IAsyncEnumerable<AgentOutput> Link(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return new AgentLinked("scripted", turn.Messages[^1].Text);
            await foreach (var output in ScriptedAgent.Say(turn, "ok"))
                yield return output;
        }
    }

    // O-07.
    [Fact]
    public async Task One_message_is_read_by_its_id_as_it_was_edited_unless_a_rewind_hides_it()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        var other = await api.NewSessionAsync();
        await api.TurnAsync(id, "one");
        await api.TurnAsync(id, "two");
        var messages = (await api.Client.ListMessagesAsync(id, null, 10, Cancellation)).Items;
        await api.Client.EditMessageAsync(id, messages[0].Id, new MessageChange([new TextPart("One, as it was meant.")]), Cancellation);

        Assert.Equal("One, as it was meant.", (await api.Client.GetMessageAsync(id, messages[0].Id, Cancellation)).Text);
        Assert.Equal("You said: two", (await api.Client.GetMessageAsync(id, messages[3].Id, Cancellation)).Text);
        await HasNotAsync(other, messages[0].Id);
        await api.Client.RewindAsync(id, new RewindRequest(), Cancellation);
        await HasNotAsync(id, messages[3].Id);

        async Task HasNotAsync(SessionId session, MessageId message) => Assert.Equal(
            "not_in_session", (await Assert.ThrowsAsync<ProblemException>(() => api.Client.GetMessageAsync(session, message, Cancellation))).Code);
    }

    [Fact]
    public async Task A_fork_goes_on_from_a_message_and_leaves_its_origin_alone()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        await api.TurnAsync(id, "one");
        await api.TurnAsync(id, "two");
        var messages = (await api.Client.ListMessagesAsync(id, null, 10, Cancellation)).Items;

        var fork = await api.Client.ForkAsync(id, new ForkRequest(messages[1].Id, "Another way"), Cancellation, key: "f");
        var same = await api.Client.ForkAsync(id, new ForkRequest(messages[1].Id, "Another way"), Cancellation, key: "f");
        await api.TurnAsync(fork.Session.Id, "three");

        Assert.Equal(fork.Session.Id, same.Session.Id);
        Assert.Equal(("Another way", id), (fork.Session.Title, fork.Session.ForkedFrom!.Session));
        Assert.Equal(["one", "You said: one", "three", "You said: three"], await api.TextsAsync(fork.Session.Id));
        Assert.Equal(["one", "You said: one", "two", "You said: two"], await api.TextsAsync(id));
        var log = await api.LogAsync(fork.Session.Id);
        Assert.Equal(Enumerable.Range(1, log.Count).Select(n => (long)n), log.Select(e => e.Seq));
        Assert.Equal(id, log[0].Session);
        Assert.Equal(fork.Session.Id, log[^1].Session);
    }

    [Fact]
    public async Task A_rewind_hides_the_last_turn_until_it_is_undone()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        await api.TurnAsync(id, "one");
        await api.TurnAsync(id, "two");

        await api.Client.RewindAsync(id, new RewindRequest(), Cancellation);
        var rewound = await api.TextsAsync(id);
        await api.Client.UnrewindAsync(id, new UnrewindRequest(), Cancellation);

        Assert.Equal(["one", "You said: one"], rewound);
        Assert.Equal(["one", "You said: one", "two", "You said: two"], await api.TextsAsync(id));
        await Assert.ThrowsAsync<ConflictException>(() => api.Client.UnrewindAsync(id, new UnrewindRequest(), Cancellation));
    }

    [Fact]
    public async Task An_unpaired_surrogate_in_a_body_becomes_a_replacement_character()
    {
        await using var api = await ApiServer.StartAsync();
        using var body = new StringContent($$"""{"workspace":"{{api.Workspace}}","title":"a\ud800b\u0000c"}""", Encoding.UTF8, "application/json");

        using var response = await api.Http.PostAsync("/v1/sessions", body, Cancellation);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("a\uFFFDb\uFFFDc", (await api.Client.ListAsync(new SessionQuery(), Cancellation)).Items[0].Title);
    }

    [Fact]
    public async Task Letting_go_of_a_session_keeps_it()
    {
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Echo());
        var id = await api.NewSessionAsync();
        await api.TurnAsync(id, "one");

        await api.Client.ReleaseAsync(id, Cancellation);
        await api.TurnAsync(id, "two");

        Assert.Equal(4, (await api.Client.GetAsync(id, Cancellation)).Session.Messages);
    }
}
