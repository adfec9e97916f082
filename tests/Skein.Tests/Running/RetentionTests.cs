using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Tests.Running;

public sealed class RetentionTests
{
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);
    private readonly ManualClock _clock = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // C-07, C-19.
    [Fact]
    public async Task Nothing_goes_unless_it_was_asked_for()
    {
        await using var kernel = await Kernel.StartAsync(_clock, ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        _clock.Advance(s_day * 4000);

        var done = await kernel.Sessions.ApplyRetentionAsync(RetentionRules.KeepAll, Cancellation);

        Assert.Empty(done.Trashed.Concat(done.Purged));
        Assert.Null((await kernel.GetAsync(session)).TrashedAt);
    }

    // C-19.
    [Fact]
    public async Task What_did_not_change_for_so_many_days_goes_to_the_trash_in_skeins_name_and_comes_back()
    {
        await using var kernel = await Kernel.StartAsync(_clock, ScriptedAgent.Echo());
        var old = await kernel.NewSessionAsync();
        await kernel.Sessions.ChangeAsync(old, new SessionChange(Archived: true), Kernel.User, Cancellation);
        _clock.Advance(s_day * 29);
        var young = await kernel.NewSessionAsync();
        _clock.Advance(s_day);

        var done = await kernel.Sessions.ApplyRetentionAsync(new RetentionRules(Days: 30), Cancellation);
        var again = await kernel.Sessions.ApplyRetentionAsync(new RetentionRules(Days: 30), Cancellation);

        Assert.Equal([old], done.Trashed);
        Assert.Empty(again.Trashed);
        Assert.Null((await kernel.GetAsync(young)).TrashedAt);
        var trashed = (await kernel.LogAsync(old))[^1];
        Assert.Equal(("session.trashed", "skein"), (trashed.Type, trashed.By!.Who));
        await kernel.Sessions.RestoreAsync(old, Kernel.User, Cancellation);
        Assert.Empty((await kernel.Sessions.ApplyRetentionAsync(new RetentionRules(Days: 30), Cancellation)).Trashed);
    }

    // C-18.
    [Fact]
    public async Task Of_more_sessions_than_so_many_the_least_recently_changed_go()
    {
        await using var kernel = await Kernel.StartAsync(_clock, ScriptedAgent.Echo());
        var sessions = new List<SessionId>();
        for (var i = 0; i < 5; i++)
        {
            sessions.Add(await kernel.NewSessionAsync());
            _clock.Advance(s_day);
        }

        await kernel.Sessions.ChangeAsync(sessions[0], new SessionChange(Title: "used again"), Kernel.User, Cancellation);

        var done = await kernel.Sessions.ApplyRetentionAsync(new RetentionRules(Sessions: 3), Cancellation);

        Assert.Equal([sessions[2], sessions[1]], done.Trashed);
    }

    // O: 0 means 0.
    [Theory]
    [InlineData(0, null)]
    [InlineData(null, 0)]
    public async Task Zero_keeps_what_is_in_use_pinned_or_forked_from_and_nothing_else(int? days, int? sessions)
    {
        var gate = new Gate();
        await using var kernel = await Kernel.StartAsync(_clock, Waiting(gate));
        var (plain, pinned, origin, running) = (await kernel.NewSessionAsync(), await kernel.NewSessionAsync(), await kernel.NewSessionAsync(), await kernel.NewSessionAsync());
        await kernel.Sessions.ChangeAsync(pinned, new SessionChange(Pinned: true), Kernel.User, Cancellation);
        var fork = (await kernel.Sessions.ForkAsync(origin, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        await kernel.Sessions.PromptAsync(running, new PromptRequest("go on"), Kernel.User, Cancellation);

        var done = await kernel.Sessions.ApplyRetentionAsync(new RetentionRules(days, sessions), Cancellation);

        Assert.Equal(new[] { plain, fork }.ToHashSet(), done.Trashed.ToHashSet());
        gate.Open();
    }

    [Fact]
    public async Task Sub_agents_sessions_count_as_one_with_the_session_they_work_for_and_stay_and_go_with_it()
    {
        await using var kernel = await Kernel.StartAsync(_clock, ScriptedAgent.Echo());
        var (old, pinned) = (await kernel.NewSessionAsync(), await kernel.NewSessionAsync());
        await kernel.Sessions.ChangeAsync(pinned, new SessionChange(Pinned: true), Kernel.User, Cancellation);
        var (ofOld, ofPinned) = (await BelowAsync(old), await BelowAsync(pinned));
        var belowOfOld = await BelowAsync(ofOld);
        _clock.Advance(s_day);
        var busy = await kernel.NewSessionAsync();
        var ofBusy = new[] { await BelowAsync(busy), await BelowAsync(busy), await BelowAsync(busy) };

        Assert.Empty((await kernel.Sessions.ApplyRetentionAsync(new RetentionRules(Sessions: 3), Cancellation)).Trashed);
        var done = await kernel.Sessions.ApplyRetentionAsync(new RetentionRules(Days: 1), Cancellation);

        Assert.Equal(new[] { old, ofOld, belowOfOld }.ToHashSet(), done.Trashed.ToHashSet());
        foreach (var stays in (SessionId[])[pinned, ofPinned, busy, .. ofBusy])
            Assert.Null((await kernel.GetAsync(stays)).TrashedAt);
        await kernel.Sessions.RestoreAsync(old, Kernel.User, Cancellation);
        Assert.Null((await kernel.GetAsync(belowOfOld)).TrashedAt);

        async Task<SessionId> BelowAsync(SessionId parent) =>
            (await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace, Parent: parent), Kernel.User, Cancellation)).Session.Id;
    }

    [Fact]
    public async Task A_session_stays_as_long_as_one_that_works_for_it_is_pinned_or_changes()
    {
        await using var kernel = await Kernel.StartAsync(_clock, ScriptedAgent.Echo());
        var (first, second) = (await kernel.NewSessionAsync(), await kernel.NewSessionAsync());
        var pinned = (await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace, Parent: first), Kernel.User, Cancellation)).Session.Id;
        var changing = (await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace, Parent: second), Kernel.User, Cancellation)).Session.Id;
        await kernel.Sessions.ChangeAsync(pinned, new SessionChange(Pinned: true), Kernel.User, Cancellation);
        _clock.Advance(s_day * 30);
        await kernel.TurnAsync(changing, "go on");

        Assert.Empty((await kernel.Sessions.ApplyRetentionAsync(new RetentionRules(Days: 30), Cancellation)).Trashed);
    }

    [Fact]
    public async Task What_was_in_the_trash_for_so_many_days_is_purged_and_not_what_has_just_come_there()
    {
        await using var kernel = await Kernel.StartAsync(_clock, ScriptedAgent.Echo());
        var (first, second) = (await kernel.NewSessionAsync(), await kernel.NewSessionAsync());
        await kernel.Sessions.TrashAsync(first, Kernel.User, Cancellation);
        _clock.Advance(s_day * 7);

        var done = await kernel.Sessions.ApplyRetentionAsync(new RetentionRules(Days: 0, TrashDays: 7), Cancellation);

        Assert.Equal([second], done.Trashed);
        Assert.Equal([first], done.Purged);
        await Assert.ThrowsAsync<SessionNotFoundException>(() => kernel.GetAsync(first));
        Assert.NotNull((await kernel.GetAsync(second)).TrashedAt);
    }

    [Fact]
    public async Task A_purge_ends_the_runner_and_leaves_forks_and_sub_agents_sessions()
    {
        await using var kernel = await Kernel.StartAsync(_clock, ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "one");
        var fork = (await kernel.Sessions.ForkAsync(session, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        var child = (await kernel.Sessions.CreateAsync(new NewSession(kernel.Workspace, Parent: session), Kernel.User, Cancellation)).Session.Id;
        await Assert.ThrowsAsync<ConflictException>(() => kernel.Sessions.PurgeAsync(session, Kernel.User, Cancellation));
        await kernel.Sessions.TrashAsync(session, Kernel.User, Cancellation);
        var by = Kernel.User with { Key = "once" };

        await kernel.Sessions.PurgeAsync(session, by, Cancellation);
        await kernel.Sessions.PurgeAsync(session, by, Cancellation);

        await Assert.ThrowsAsync<SessionNotFoundException>(() => kernel.Sessions.PurgeAsync(session, Kernel.User, Cancellation));
        await Assert.ThrowsAsync<SessionNotFoundException>(() => kernel.TurnAsync(session, "two"));
        Assert.Equal((session, true), ((await kernel.GetAsync(child)).Parent, (await kernel.GetAsync(child)).TrashedAt is not null));
        await kernel.TurnAsync(fork, "two");
        await kernel.RestartAsync();
        Assert.Equal(["one", "You said: one", "two", "You said: two"], await kernel.TextsAsync(fork));
    }

    // C-07.
    [Fact]
    public async Task A_server_applies_it_a_minute_after_its_start_and_every_day_and_collects_after_a_purge()
    {
        await using var kernel = await Kernel.StartAsync(_clock, ScriptedAgent.Echo());
        var blob = await kernel.Store.PutBlobAsync(new MemoryStream([1, 2, 3]), "image/png", Cancellation);
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.AddMessageAsync(session, new NewMessage(Role.User, [new ToolResultPart("1", "seen", false, blob)]), Kernel.User, Cancellation);
        var log = new Told();
        await using var house = new Housekeeping(kernel.Sessions, new RetentionRules(Days: 1, TrashDays: 1), _clock, log);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null((await kernel.GetAsync(session)).TrashedAt);

        _clock.Advance(s_day);
        await log.SeeAsync(Told.Retained, times: 1);
        Assert.NotNull((await kernel.GetAsync(session)).TrashedAt);
        Assert.NotNull(await kernel.Store.FindBlobAsync(blob.Sha256, Cancellation));

        _clock.Advance(s_day);
        await log.SeeAsync(Told.Retained, times: 2);
        await Assert.ThrowsAsync<SessionNotFoundException>(() => kernel.GetAsync(session));

        // Twice it collected because a day was over; this time because something was purged.
        _clock.Advance(TimeSpan.FromMinutes(1));
        await log.SeeAsync(Told.Collected, times: 3);
        Assert.Null(await kernel.Store.FindBlobAsync(blob.Sha256, Cancellation));
    }

    private static AgentKind Waiting(Gate gate)
    {
        return ScriptedAgent.Kind(PlayAsync);

        async IAsyncEnumerable<AgentOutput> PlayAsync(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await gate.PassAsync(cancellationToken);
            await foreach (var output in ScriptedAgent.Say(turn, "done"))
                yield return output;
        }
    }

    /// <summary>A log that tells when something was told.</summary>
    private sealed class Told : ILogger
    {
        public const int Retained = 105;
        public const int Collected = 107;

        private readonly Channel<int> _told = Channel.CreateUnbounded<int>();
        private readonly Dictionary<int, int> _seen = [];

        public async Task SeeAsync(int what, int times)
        {
            while (_seen.GetValueOrDefault(what) < times)
            {
                var next = await _told.Reader.ReadAsync(Cancellation);
                _seen[next] = _seen.GetValueOrDefault(next) + 1;
            }
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _told.Writer.TryWrite(eventId.Id);
    }
}
