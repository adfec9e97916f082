using System.Runtime.CompilerServices;
using System.Text;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Server;

public sealed class TurnApiTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_prompt_is_accepted_with_the_sequence_of_the_event_that_holds_it()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        using var body = new StringContent("""{"text":"hello","future_field":{"x":[1]}}""", Encoding.UTF8, "application/json");

        using var response = await api.Http.PostAsync($"/v1/sessions/{id}/prompt", body, Cancellation);
        var answer = System.Text.Json.JsonElement.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        await api.EventAsync<TurnCompleted>(id);

        Assert.Equal(202, (int)response.StatusCode);
        Assert.Equal(["turn", "seq"], answer.EnumerateObject().Select(p => p.Name));
        var log = await api.LogAsync(id);
        Assert.Equal(answer.GetProperty("turn").GetString(), Assert.IsType<TurnStarted>(log[1].Body).Turn.Value);
        Assert.InRange(answer.GetProperty("seq").GetInt64(), 2, 3);
        Assert.Equal(new Cause("api"), log[2].By);
    }

    [Fact]
    public async Task A_prompt_sent_twice_with_one_key_is_carried_out_once_also_after_a_restart()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();

        var first = await api.Client.PromptAsync(id, new PromptRequest("hello"), Cancellation, key: "once");
        await api.EventAsync<TurnCompleted>(id);
        var second = await api.Client.PromptAsync(id, new PromptRequest("hello"), Cancellation, key: "once");
        await api.StopAsync();
        await api.OpenAsync();
        var third = await api.Client.PromptAsync(id, new PromptRequest("hello"), Cancellation, key: "once");

        Assert.Equal(first, second);
        Assert.Equal(first, third);
        Assert.Equal(["hello", "You said: hello"], await api.TextsAsync(id));
    }

    [Fact]
    public async Task A_busy_session_rejects_queues_and_withdraws()
    {
        var gate = new TaskCompletionSource();
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Kind((turn, ct) => AfterAsync(gate.Task, turn, ct)));
        var id = await api.NewSessionAsync();
        var first = await api.Client.PromptAsync(id, new PromptRequest("one"), Cancellation);

        var busy = await Assert.ThrowsAsync<BusyException>(() => api.Client.PromptAsync(id, new PromptRequest("no"), Cancellation));
        var queued = await api.Client.PromptAsync(id, new PromptRequest("two", When: WhenBusy.Queue), Cancellation);
        var withdrawn = await api.Client.PromptAsync(id, new PromptRequest("three", When: WhenBusy.Queue), Cancellation);
        var waiting = (await api.Client.GetAsync(id, Cancellation)).Session;
        var left = (await api.Client.WithdrawAsync(id, withdrawn.Turn, Cancellation)).Session;
        gate.SetResult();
        await api.EventAsync<TurnCompleted>(id, queued.Seq, e => e.Turn == queued.Turn);

        Assert.Equal((id, first.Turn), (busy.Session, busy.Turn));
        Assert.Equal((SessionStatus.Running, first.Turn), (waiting.Status, waiting.Turn));
        Assert.Equal([queued.Turn, withdrawn.Turn], waiting.Queue.Select(q => q.Turn));
        Assert.Equal([queued.Turn], left.Queue.Select(q => q.Turn));
        Assert.Equal(["one", "ok", "two", "ok"], await api.TextsAsync(id));
    }

    [Fact]
    public async Task An_interrupt_answers_when_the_turn_has_ended()
    {
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Kind((turn, ct) => AfterAsync(new TaskCompletionSource().Task, turn, ct)));
        var id = await api.NewSessionAsync();
        await api.Client.PromptAsync(id, new PromptRequest("one"), Cancellation);

        var outcome = await api.Client.InterruptAsync(id, Cancellation);
        var idle = await api.Client.InterruptAsync(id, Cancellation);

        Assert.Equal((true, false), (outcome.Interrupted, idle.Interrupted));
        Assert.Equal(SessionStatus.Interrupted, (await api.Client.GetAsync(id, Cancellation)).Session.Status);
    }

    [Fact]
    public async Task A_question_makes_the_session_wait_until_any_client_answers()
    {
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Kind(AskAsync));
        var id = await api.NewSessionAsync();
        await api.Client.PromptAsync(id, new PromptRequest("one"), Cancellation);
        var asked = await api.EventAsync<PermissionAsked>(id);

        var waiting = (await api.Client.GetAsync(id, Cancellation)).Session;
        await api.Client.AnswerAsync(id, asked.Permission, new PermissionReply(PermissionAnswer.No, "not here"), Cancellation);
        await api.EventAsync<TurnCompleted>(id);

        Assert.Equal(SessionStatus.Waiting, waiting.Status);
        Assert.Equal([asked], waiting.Questions);
        Assert.Equal(["one", "No: not here"], await api.TextsAsync(id));
    }

    [Fact]
    public async Task Messages_come_in_pages_are_added_without_a_turn_and_edited()
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();
        List<Message> added = [];
        for (var i = 0; i < 5; i++)
            added.Add(await api.Client.AddMessageAsync(id, new NewMessage(i % 2 == 0 ? Role.User : Role.Assistant, [new TextPart($"m{i}")]), Cancellation));
        var twice = await api.Client.AddMessageAsync(id, new NewMessage(Role.User, [new TextPart("m5")]), Cancellation, key: "k");
        var again = await api.Client.AddMessageAsync(id, new NewMessage(Role.User, [new TextPart("m5")]), Cancellation, key: "k");

        var newest = await api.Client.ListMessagesAsync(id, null, 4, Cancellation);
        var oldest = await api.Client.ListMessagesAsync(id, newest.Before, 4, Cancellation);
        var edited = await api.Client.EditMessageAsync(id, added[1].Id, new MessageChange([new TextPart("edited")]), Cancellation);

        Assert.Equal(twice.Id, again.Id);
        Assert.Equal(["m2", "m3", "m4", "m5"], newest.Items.Select(m => m.Text));
        Assert.Equal(["m0", "m1"], oldest.Items.Select(m => m.Text));
        Assert.Null(oldest.Before);
        Assert.Equal(7, newest.Seq);
        Assert.Equal((added[1].Id, Role.Assistant, "edited"), (edited.Id, edited.Role, edited.Text));
        Assert.Equal(["m0", "edited", "m2", "m3", "m4", "m5"], await api.TextsAsync(id));
    }

    [Fact]
    public async Task A_prompt_s_limits_stand_in_the_log_and_are_told_to_the_agent()
    {
        TurnLimits? told = null;
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Kind((turn, _) =>
        {
            told = turn.Limits;
            return ScriptedAgent.Say(turn, "ok");
        }));
        var id = await api.NewSessionAsync();

        await api.Client.PromptAsync(id, new PromptRequest("one", MaxCost: 0.25m, MaxSteps: 7), Cancellation);
        await api.EventAsync<TurnCompleted>(id);

        var started = await api.EventAsync<TurnStarted>(id);
        Assert.Equal((0.25m, 7), (started.MaxCost, started.MaxSteps));
        Assert.Equal(new TurnLimits(0.25m, 7), told);
    }

    [Theory]
    [InlineData(0.0, null, "The limit max_cost is 0: it must be US dollars, more than 0.")]
    [InlineData(null, 0, "The limit max_steps is 0: it must be 1 or more.")]
    public async Task A_limit_that_leaves_nothing_is_refused(double? cost, int? steps, string message)
    {
        await using var api = await ApiServer.StartAsync();
        var id = await api.NewSessionAsync();

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(
            () => api.Client.PromptAsync(id, new PromptRequest("one", MaxCost: (decimal?)cost, MaxSteps: steps), Cancellation));

        Assert.Equal(message, refused.Message);
    }

    private static async IAsyncEnumerable<AgentOutput> AfterAsync(Task signal, ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await signal.WaitAsync(cancellationToken);
        await foreach (var output in ScriptedAgent.Say(turn, "ok"))
            yield return output;
    }

    private static async IAsyncEnumerable<AgentOutput> AskAsync(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var question = new PermissionAsked(turn.Ids.Next<PermissionId>(), turn.Id, "c1", "bash", "rm -r build", Detail: "rm -r build");
        var answer = await turn.AskAsync(question, cancellationToken);
        await foreach (var output in ScriptedAgent.Say(turn, $"{answer.Answer}: {answer.Message}"))
            yield return output;
    }
}
