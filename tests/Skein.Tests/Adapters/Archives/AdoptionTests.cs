using Skein.Adapters.Archives;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;
using Skein.Tests.Adapters.Acp;
using Skein.Tests.Running;

namespace Skein.Tests.Adapters.Archives;

/// <summary>Sessions that were begun outside of Skein, taken over.</summary>
public sealed class AdoptionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // P-22.
    [Fact]
    public async Task A_session_begun_outside_is_taken_over_once_and_goes_on_as_the_agents_own()
    {
        await using var flock = await Flock.StartAsync();
        await File.WriteAllTextAsync(
            Path.Combine(flock.Own, "own-outside.json"), $$"""{"cwd":"{{flock.Kernel.Workspace}}","model":"grey","mode":"yolo","prompts":["echo hello"]}""", Cancellation);
        var archive = Archive(flock);

        var found = Assert.Single(await archive.ListAsync(flock.Kernel.Workspace, Cancellation));
        var read = await archive.ReadAsync(found, Cancellation);
        var request = new ImportRequest(flock.Kernel.Workspace, "goose", found.Id, read.Messages, "goose", AgentSession: found.Id);
        var session = (await flock.Kernel.Sessions.ImportAsync(request, Kernel.User, Cancellation)).Session.Id;
        await flock.TurnAsync(session, "state");

        Assert.Equal(("own-outside", "echo hello", "grey"), (found.Id, found.Title, read.Model));
        Assert.Equal(["echo hello", "history", "state"], (await flock.Kernel.TextsAsync(session)).Take(3));
        Assert.Contains("\"prompts\":2", await flock.LastAsync(session), StringComparison.Ordinal);
        Assert.Empty(await flock.EventsAsync<PermissionAsked>(session));
        Assert.Equal(session, (await flock.Kernel.Sessions.ImportAsync(request, Kernel.User, Cancellation)).Session.Id);

        await flock.Kernel.Sessions.RewindAsync(session, new RewindRequest(), Kernel.User, Cancellation);
        Assert.Null((await flock.Kernel.GetAsync(session)).AgentSession);
        Assert.Equal(session, (await flock.Kernel.Sessions.ImportAsync(request, Kernel.User, Cancellation)).Session.Id);
    }

    [Fact]
    public async Task Of_two_who_take_it_over_at_once_both_have_the_same()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var request = new ImportRequest(kernel.Workspace, "echo", "own-1", [], ScriptedAgent.Echo().Name, AgentSession: "own-1");

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => kernel.Sessions.ImportAsync(request, Kernel.User, Cancellation)));

        Assert.Single(made.Select(m => m.Session.Id).Distinct());
        Assert.Equal("own-1", made[0].Session.AgentSession);
    }

    // P-22.
    [Fact]
    public async Task Two_agents_may_call_their_sessions_the_same()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo() with { Name = "claude" }, ScriptedAgent.Echo() with { Name = "codex" });

        var made = new List<Session>();
        foreach (var agent in (string[])["claude", "codex", "claude", "codex"])
            made.Add((await kernel.Sessions.ImportAsync(new ImportRequest(kernel.Workspace, agent, "own-1", [], agent, AgentSession: "own-1"), Kernel.User, Cancellation)).Session);

        Assert.Equal(["claude", "codex", "claude", "codex"], made.Select(s => s.Agent));
        Assert.NotEqual(made[0].Id, made[1].Id);
        Assert.Equal(made.Take(2).Select(s => s.Id), made.Skip(2).Select(s => s.Id));
    }

    [Fact]
    public async Task Secrets_that_tools_printed_outside_are_taken_out()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var builder = new TranscriptBuilder(new IdSource(TimeProvider.System));
        builder.Prompt([new TextPart("look")], DateTimeOffset.UnixEpoch);
        builder.Say(new ToolCallPart("c", "shell", System.Text.Json.JsonElement.Parse("{}")), DateTimeOffset.UnixEpoch);
        builder.Answer(new ToolResultPart("c", "ANTHROPIC_API_KEY=sk-ant-api03-" + "Zk3x9Qm2Lp7Rt5Vw1Yb8Nc4Hd6Jf0GsUa2Ie9Ko5Tq7WzXe4"));

        var session = (await kernel.Sessions.ImportAsync(
            new ImportRequest(kernel.Workspace, "claude", "1", builder.Build(), AgentSession: "1"), Kernel.User, Cancellation)).Session.Id;

        var result = Assert.Single((await kernel.MessagesAsync(session)).SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>());
        Assert.DoesNotContain("sk-ant", result.Output, StringComparison.Ordinal);
        Assert.NotNull(result.Redacted);
    }

    [Fact]
    public async Task An_agent_that_does_not_answer_as_it_should_says_why_its_sessions_cannot_be_seen()
    {
        await using var flock = await Flock.StartAsync();

        var gone = await Assert.ThrowsAsync<ArchiveException>(() => Archive(flock, "broken").ListAsync("/", Cancellation));
        var lost = await Assert.ThrowsAsync<ArchiveException>(() => Archive(flock).ReadAsync(new FoundSession("own-gone", "/", null, null, "/"), Cancellation));

        Assert.Contains("The geese are out.", gone.Message, StringComparison.Ordinal);
        Assert.Contains("No such session: own-gone", lost.Message, StringComparison.Ordinal);
    }

    private static AcpArchive Archive(Flock flock, string how = "sound") =>
        new(Flock.Options(flock.Own, how, TimeProvider.System), new IdSource(TimeProvider.System));
}
