using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Spending;
using Skein.Testing;

namespace Skein.Tests.Server;

/// <summary>What models were paid, over the API.</summary>
public sealed class SpendingApiTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_way_of_summing_up_has_the_same_total()
    {
        var clock = new ManualClock();
        await using var api = await ApiServer.StartAsync(clock, Paid());
        var session = await api.NewSessionAsync();
        await api.TurnAsync(session, "one");
        clock.Advance(TimeSpan.FromDays(1));
        await api.TurnAsync(session, "two");
        var elsewhere = Directory.CreateDirectory(Path.Combine(api.Workspace, "elsewhere")).FullName;
        var child = (await api.Client.CreateAsync(new NewSession(elsewhere, Parent: session), Cancellation)).Session.Id;
        await api.TurnAsync(child, "three");

        var reports = await Task.WhenAll(Enum.GetValues<SpendingBy>().Select(by => api.Client.GetSpendingAsync(new SpendingQuery(by), Cancellation)));

        Assert.All(reports, r => Assert.Equal(new Spent("", 3, new Usage(30, 6), 0.003m, 0), r.Total));
        Assert.Equal([1, 2], reports[(int)SpendingBy.Day].Items.Select(i => i.Calls));
        Assert.Equal([session.Value], reports[(int)SpendingBy.Session].Items.Select(i => i.Key));
        Assert.Equal([(api.Workspace, 0.002m), (elsewhere, 0.001m)], reports[(int)SpendingBy.Workspace].Items.Select(i => (i.Key, i.Cost)));
        Assert.Equal(["maker/name"], reports[(int)SpendingBy.Model].Items.Select(i => i.Key));
        Assert.Equal(["paid"], reports[(int)SpendingBy.Agent].Items.Select(i => i.Key));
    }

    [Fact]
    public async Task What_a_fork_inherits_was_paid_for_once_and_what_is_hidden_or_thrown_away_was_paid_for_too()
    {
        await using var api = await ApiServer.StartAsync(Paid());
        var session = await api.NewSessionAsync();
        await api.TurnAsync(session, "one");
        var fork = (await api.Client.ForkAsync(session, new ForkRequest(), Cancellation)).Session.Id;
        await api.TurnAsync(fork, "two");
        await api.Client.RewindAsync(session, new RewindRequest(), Cancellation);
        await api.Client.TrashAsync(session, Cancellation);

        var report = await api.Client.GetSpendingAsync(new SpendingQuery(SpendingBy.Session), Cancellation);

        Assert.Equal(
            new[] { (session.Value, 0.001m), (fork.Value, 0.001m) }.Order(), report.Items.Select(i => (i.Key, i.Cost)).Order());
    }

    [Fact]
    public async Task What_was_asked_for_alone_is_counted()
    {
        var clock = new ManualClock();
        await using var api = await ApiServer.StartAsync(clock, Paid(), ScriptedAgent.Echo());
        var session = await api.NewSessionAsync();
        await api.TurnAsync(session, "one");
        clock.Advance(TimeSpan.FromHours(2));
        await api.TurnAsync(session, "two");

        async Task<int> CallsAsync(SpendingQuery query) => (await api.Client.GetSpendingAsync(query, Cancellation)).Total.Calls;

        Assert.Equal(1, await CallsAsync(new SpendingQuery(Since: clock.GetUtcNow().AddHours(-1))));
        Assert.Equal(2, await CallsAsync(new SpendingQuery(Workspace: api.Workspace, Agent: "paid")));
        Assert.Equal(0, await CallsAsync(new SpendingQuery(Workspace: "/elsewhere")));
        Assert.Equal(0, await CallsAsync(new SpendingQuery(Agent: "scripted")));
    }

    [Fact]
    public async Task A_call_without_a_price_is_told_and_not_taken_for_free()
    {
        await using var api = await ApiServer.StartAsync(Paid(cost: null));
        await api.TurnAsync(await api.NewSessionAsync(), "one");

        var report = await api.Client.GetSpendingAsync(new SpendingQuery(), Cancellation);

        Assert.Equal((0m, 1), (report.Total.Cost, report.Total.Unpriced));
    }

    [Fact]
    public async Task What_cannot_be_asked_for_is_refused()
    {
        await using var api = await ApiServer.StartAsync();

        using var response = await api.Http.GetAsync("/v1/spending?by=moon", Cancellation);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("'by' must be one of day, session, model, workspace, agent, not 'moon'.", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private static AgentKind Paid(decimal? cost = 0.001m) => new("paid", _ => new PaidAgent(cost), false, _ => null);

    private sealed class PaidAgent(decimal? cost) : IAgent
    {
        public bool CanSteer => false;

        public async IAsyncEnumerable<AgentOutput> RunTurnAsync(
            ITurn turn, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            var message = turn.Ids.Next<MessageId>();
            yield return new MessageAdded(message, Role.Assistant, MessageStatus.Pending, turn.Messages.Count + 1, [], turn.Id, "maker/name");
            yield return new MessageCompleted(message, StopReason.End, new Usage(10, 2), cost);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
