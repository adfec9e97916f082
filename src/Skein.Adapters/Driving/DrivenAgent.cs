using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Sandbox.Confining;

namespace Skein.Adapters.Driving;

/// <summary>How to drive one agent.</summary>
/// <param name="Name">As in <see cref="Session.Agent"/>.</param>
/// <param name="Command">How its program is started.</param>
/// <param name="Protocol">Makes what speaks with it, for one start of the program.</param>
public sealed record DrivenAgentOptions(string Name, AgentCommand Command, Func<IAgentProtocol> Protocol, TimeProvider Time)
{
    /// <summary>All that its program sees.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>What of that its program is given in a container too, by name.</summary>
    public IReadOnlySet<string> Passed { get; init; } = new HashSet<string>();

    /// <summary>The name of the container that the work in a folder is done in; null: it is done here.</summary>
    public Func<string, CancellationToken, ValueTask<string?>> ContainerOf { get; init; } = static (_, _) => new((string?)null);

    /// <summary>How its program is confined where the work in a folder is done here.</summary>
    public Func<string, CancellationToken, ValueTask<Confinement>> Confine { get; init; } = static (_, _) => new(Confinement.Off);

    /// <summary>How long it may take to open its session.</summary>
    public TimeSpan StartWithin { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long it may say nothing in the middle of a turn, unless somebody is asked.</summary>
    public SilenceLimits Silence { get; init; } = SilenceLimits.None;

    /// <summary>How long it may wait for its own work in the background without a word.</summary>
    public TimeSpan BackgroundWithin { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long it may take to tell what commands it offers, where one of them is wanted.</summary>
    public TimeSpan OfferWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long what it tells may be held, to be appended with what follows: an append is a flush of the disk, and wakes all who follow.</summary>
    public TimeSpan HoldWithin { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long it may be held while words wait behind it: other words than a turn's first, which do not wait.</summary>
    public TimeSpan HoldWordsWithin { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long it may take to end an interrupted turn by its own means; then it gets SIGINT.</summary>
    public TimeSpan InterruptWithin { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long it may take to end after SIGINT; then it gets SIGKILL.</summary>
    public TimeSpan EndWithin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Starts its program where the work in a folder is done: in a container, confined, or here.</summary>
    /// <param name="arguments">What it is given after its command's own.</param>
    /// <exception cref="AgentFailedException">It is not installed, or cannot be run there.</exception>
    internal async Task<AgentProcess> StartAsync(string folder, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var command = Command with { Arguments = [.. Command.Arguments, .. arguments] };
        var container = await ContainerOf(folder, cancellationToken);
        if (container is not null)
            command = ContainerCommand.In(container, folder, command, Passed, Environment);
        var confinement = container is null ? await Confine(folder, cancellationToken) : Confinement.Off;
        if (confinement.Missing is { } missing)
            throw new AgentFailedException(FailureKind.Internal, $"The settings say that work in {folder} is done in a sandbox, and there is none: {missing}.");
        return AgentProcess.Start(Name, command, folder, Environment, confinement, Time);
    }
}

/// <summary>
/// An agent that is a program of its own. It is started for the first turn and kept until it is let go; one that ended is started
/// again, and goes on with its own session where it still has it.
/// </summary>
public sealed class DrivenAgent(DrivenAgentOptions options) : IAgent
{
    // Also while it is started: what it is told then waits until it has the prompt.
    public bool CanSteer => (Live?.Protocol ?? options.Protocol()).CanSteer;

    public bool TellsFirst => false;

    // Whether it really can, some tell only when they are started.
    public bool CanCompact => true;

    public bool RanBeside => Live?.Protocol.RanBeside ?? false;

    /// <summary>What was started and is still usable.</summary>
    internal Conversation? Live { get; private set; }

    /// <summary>The kind of agent, for the sessions.</summary>
    public static AgentKind Kind(DrivenAgentOptions options) => new(options.Name, _ => new DrivenAgent(options), Resumes: false, static _ => null);

    public async IAsyncEnumerable<AgentOutput> RunTurnAsync(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var running = new DrivenTurn(this, options, turn, cancellationToken);
        while (await running.NextAsync() is { } output)
            yield return output;
        cancellationToken.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    /// <summary>Ends what was started; an agent that is at rest has nothing to lose by SIGKILL after SIGINT.</summary>
    internal async Task StopAsync()
    {
        if (Live is { } live && !live.Process.Ended.IsCompleted)
            await live.Process.StopAsync(options.EndWithin, options.Time);
        await DropAsync();
    }

    /// <summary>Starts the program, in place of one that ended or talks of another session.</summary>
    /// <param name="resume">What it is to go on with; null: a new session.</param>
    internal async Task<Conversation> StartAsync(Session session, AgentResume? resume)
    {
        await DropAsync();
        var protocol = options.Protocol();
        return Live = new Conversation(await options.StartAsync(session.Workspace, protocol.Arguments(session, resume) ?? [], CancellationToken.None), protocol);
    }

    /// <summary>Kills what was started.</summary>
    internal async Task DropAsync()
    {
        if (Live is { } live)
            await live.DisposeAsync();
        Live = null;
    }
}
