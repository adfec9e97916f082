using Skein.Core.Protocol;
using Skein.Core.Search;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>A session that has rested for a month, as its users meet it.</summary>
public sealed class CompressedSessionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_attached_to_paged_searched_and_forked_as_it_is_and_unpacked_by_the_next_prompt()
    {
        var clock = new ManualClock();
        await using var kernel = await Kernel.StartAsync(clock, ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "one");
        await kernel.TurnAsync(session, "two");
        await kernel.Sessions.ReleaseAsync(session, Kernel.User, Cancellation);
        var (log, row) = (await kernel.LogAsync(session), await kernel.GetAsync(session));

        clock.Advance(TimeSpan.FromDays(31));
        Assert.Equal(1, (await kernel.Sessions.CollectAsync(Cancellation)).Compressed.Files);
        var file = Assert.Single(Files(kernel));
        Assert.EndsWith(".jsonl.br", file, StringComparison.Ordinal);
        await kernel.RestartAsync();

        Assert.Equal(row.Seq, (await kernel.GetAsync(session)).Seq);
        Assert.Equal(log.Select(e => e.Type), (await kernel.LogAsync(session)).Select(e => e.Type));
        Assert.Equal(["one", "You said: one", "two", "You said: two"], await kernel.TextsAsync(session));
        Assert.Equal(row.Seq, (await kernel.EventAsync(session, row.Seq - 1, _ => true)).Seq);
        Assert.Equal(2, (await kernel.Store.SearchAsync(new SearchQuery("two"), Cancellation).ToListAsync(Cancellation)).Count);
        var fork = (await kernel.Sessions.ForkAsync(session, new ForkRequest(), Kernel.User, Cancellation)).Session.Id;
        var first = (await kernel.MessagesAsync(session))[0].Id;
        var cut = (await kernel.Sessions.ForkAsync(session, new ForkRequest(first), Kernel.User, Cancellation)).Session.Id;
        Assert.Equal(["one"], await kernel.TextsAsync(cut));
        await kernel.TurnAsync(fork, "three");
        Assert.Equal(["one", "You said: one", "two", "You said: two", "three", "You said: three"], await kernel.TextsAsync(fork));
        Assert.True(File.Exists(file), "It was unpacked by somebody who only read it.");

        await kernel.TurnAsync(session, "four");
        Assert.False(File.Exists(file));
        Assert.Equal(["one", "You said: one", "two", "You said: two", "four", "You said: four"], await kernel.TextsAsync(session));
        await kernel.RestartAsync();
        Assert.Equal("You said: four", (await kernel.TextsAsync(session))[^1]);
        Assert.Equal(6, (await kernel.TextsAsync(fork)).Count);
    }

    private static IEnumerable<string> Files(Kernel kernel) =>
        Directory.EnumerateFiles(Path.Combine(kernel.Home, "sessions"), "*", SearchOption.AllDirectories);
}
