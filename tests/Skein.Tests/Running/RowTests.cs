using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>What is told about a session, and how that changes.</summary>
public sealed class RowTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // N-14.
    [Fact]
    public async Task A_session_is_what_it_was_made_as_also_after_a_restart()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo(), ScriptedAgent.Echo() with { Name = "other" });
        var parent = await kernel.NewSessionAsync();

        var request = new NewSession(kernel.Workspace, "other", "scripted/a", PermissionMode.Edits, " Count the geese ", parent);
        var made = (await kernel.Sessions.CreateAsync(request, Kernel.User, Cancellation)).Session;
        await kernel.RestartAsync();

        Assert.Equal(
            (kernel.Workspace, "other", "scripted/a", PermissionMode.Edits, "Count the geese", parent),
            (made.Workspace, made.Agent, made.Model, made.Mode, made.Title, made.Parent!.Value));
        Assert.Equal(made.CreatedAt, made.UpdatedAt);
        Assert.Equal(Text(made), Text(await kernel.GetAsync(made.Id)));
    }

    // N-15, O-06.
    [Fact]
    public async Task A_change_changes_what_it_names_and_nothing_else()
    {
        var clock = new ManualClock();
        await using var kernel = await Kernel.StartAsync(clock, ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "hello");
        var before = await kernel.GetAsync(session);
        clock.Advance(TimeSpan.FromMinutes(1));

        var change = new SessionChange("Mine", Model: "scripted/b", Mode: PermissionMode.Auto, Pinned: true);
        var after = (await kernel.Sessions.ChangeAsync(session, change, Kernel.User, Cancellation)).Session;

        var expected = before with
        {
            Title = "Mine",
            TitleSource = TitleSource.Manual,
            Model = "scripted/b",
            Mode = PermissionMode.Auto,
            Pinned = true,
            Seq = before.Seq + 3,
            UpdatedAt = before.UpdatedAt.AddMinutes(1),
        };
        Assert.Equal(Text(expected), Text(after));
        Assert.Equal(["session.titled", "session.configured", "session.pinned"], (await kernel.LogAsync(session)).TakeLast(3).Select(e => e.Type));
    }

    // G-05, G-08, G-09.
    [Fact]
    public async Task An_archived_session_is_read_like_any_other()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "one");

        await kernel.Sessions.ChangeAsync(session, new SessionChange(Archived: true), Kernel.User, Cancellation);
        await kernel.RestartAsync();

        Assert.True((await kernel.GetAsync(session)).Archived);
        Assert.Equal(["one", "You said: one"], await kernel.TextsAsync(session));
        Assert.Empty((await kernel.Sessions.ListAsync(new SessionQuery(), Cancellation)).Items);
        Assert.Equal([session], (await kernel.Sessions.ListAsync(new SessionQuery(Archived: true), Cancellation)).Items.Select(s => s.Id));
        await Assert.ThrowsAsync<SessionNotFoundException>(() => kernel.Sessions.ChangeAsync(
            kernel.Sessions.Ids.Next<SessionId>(), new SessionChange(Archived: true), Kernel.User, Cancellation));
    }

    // C-17, C flaw 3, N flaw 6.
    [Fact]
    public async Task Sessions_that_are_made_at_once_are_all_listed_also_after_a_restart()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());

        var made = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => kernel.NewSessionAsync()));
        var listed = await ListedAsync();
        await kernel.RestartAsync();

        Assert.Equal(made.Select(id => id.Value).Order(StringComparer.Ordinal), listed);
        Assert.Equal(listed, await ListedAsync());

        async Task<IReadOnlyList<string>> ListedAsync() =>
        [
            .. (await kernel.Sessions.ListAsync(new SessionQuery(Limit: 1000), Cancellation)).Items.Select(s => s.Id.Value).Order(StringComparer.Ordinal),
        ];
    }

    private static string Text(Session session) => JsonSerializer.Serialize(session, SkeinJson.Relaxed.Session);
}
