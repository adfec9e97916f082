using Skein.Adapters.Acp;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;
using Skein.Tests.Running;

namespace Skein.Tests.Adapters.Acp;

/// <summary>The kernel with one driven agent, <c>goose</c>, which is <see cref="AcpStandIn"/>.</summary>
internal sealed class Flock : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    private Flock(Kernel kernel, TempFolder folder) => (Kernel, _folder) = (kernel, folder);

    public Kernel Kernel { get; }

    /// <summary>Where the agent keeps its sessions.</summary>
    public string Own => _folder.Path;

    /// <summary>The process ids of all starts of the agent's program.</summary>
    public IReadOnlyList<int> Starts => File.Exists(_folder.Below("starts")) ? [.. File.ReadLines(_folder.Below("starts")).Select(int.Parse)] : [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<Flock> StartAsync(string how = "sound", Func<DrivenAgentOptions, DrivenAgentOptions>? change = null, TimeProvider? time = null)
    {
        Requires.Programs("node");
        var folder = new TempFolder();
        var clock = time ?? TimeProvider.System;
        var options = Options(folder.Path, how, clock);
        return new Flock(await Kernel.StartAsync(clock, DrivenAgent.Kind(change?.Invoke(options) ?? options), ScriptedAgent.Echo() with { Name = "echo" }), folder);
    }

    /// <param name="own">Where the agent keeps its sessions.</param>
    public static DrivenAgentOptions Options(string own, string how, TimeProvider time)
    {
        var command = AcpStandIn.Command(own, how);
        return new DrivenAgentOptions("goose", new AgentCommand(command[0], command[1..], []), () => new AcpProtocol("goose", time), TimeProvider.System)
        {
            Environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")! },
        };
    }

    public async Task<SessionId> NewSessionAsync(PermissionMode mode = PermissionMode.Ask, string? model = null) =>
        (await Kernel.Sessions.CreateAsync(new NewSession(Kernel.Workspace, Mode: mode, Model: model), Kernel.User, Cancellation)).Session.Id;

    /// <summary>Prompts, answers every question in the same way, and waits for the end of the turn.</summary>
    /// <returns>How it ended.</returns>
    public async Task<EventBody> TurnAsync(SessionId session, string prompt, PermissionAnswer answer = PermissionAnswer.Once)
    {
        var accepted = await Kernel.Sessions.PromptAsync(session, new PromptRequest(prompt), Kernel.User, Cancellation);
        for (var after = accepted.Seq; ;)
        {
            var next = await Kernel.EventAsync(session, after, e => e.Body is PermissionAsked or TurnCompleted or TurnFailed or TurnInterrupted);
            if (next.Body is not PermissionAsked question)
                return next.Body;
            after = next.Seq;
            await Kernel.Sessions.AnswerAsync(session, question.Permission, new PermissionReply(answer), Kernel.User, Cancellation);
        }
    }

    /// <summary>The text of the last message.</summary>
    public async Task<string> LastAsync(SessionId session) => (await Kernel.MessagesAsync(session))[^1].Text;

    public async Task<IReadOnlyList<T>> EventsAsync<T>(SessionId session) where T : EventBody =>
        [.. (await Kernel.LogAsync(session)).Select(e => e.Body).OfType<T>()];

    public async ValueTask DisposeAsync()
    {
        await Kernel.DisposeAsync();
        _folder.Dispose();
    }
}
