using Skein.Core;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Running;

/// <summary>Which model a session has when another agent goes on with it.</summary>
public sealed class AgentChangeTests : IAsyncLifetime
{
    private Kernel _kernel = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _kernel = await Kernel.StartAsync(ScriptedAgent.Echo() with { Name = "own", DefaultModel = "own/usual" }, ScriptedAgent.Echo() with { Name = "driven" });

    public ValueTask DisposeAsync() => _kernel.DisposeAsync();

    [Theory]
    [InlineData("driven", "opus", "own", "own/usual")]
    [InlineData("driven", null, "own", "own/usual")]
    [InlineData("own", "own/other", "driven", null)]
    public async Task An_agent_that_never_worked_in_a_session_has_its_own_default(string first, string? model, string next, string? expected)
    {
        var session = await NewSessionAsync(first, model);
        await _kernel.TurnAsync(session, "hello");

        Assert.Equal(expected, await ChangeAsync(session, next));
    }

    [Fact]
    public async Task An_agent_that_a_session_goes_back_to_has_the_model_it_had_there()
    {
        var session = await NewSessionAsync("own", "own/other");
        await ChangeAsync(session, "driven");
        await _kernel.Sessions.ChangeAsync(session, new SessionChange(Model: "opus"), Kernel.User, Cancellation);
        await _kernel.TurnAsync(session, "hello");

        Assert.Equal("own/other", await ChangeAsync(session, "own"));
        Assert.Equal("opus", await ChangeAsync(session, "driven"));
    }

    private async Task<SessionId> NewSessionAsync(string agent, string? model) =>
        (await _kernel.Sessions.CreateAsync(new NewSession(_kernel.Workspace, agent, model), Kernel.User, Cancellation)).Session.Id;

    private async Task<string?> ChangeAsync(SessionId session, string agent) =>
        (await _kernel.Sessions.ChangeAsync(session, new SessionChange(Agent: agent), Kernel.User, Cancellation)).Session.Model;
}
