using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Acp;

/// <summary>
/// How an agent that speaks ACP is told to compact what its session holds: by one of the commands that it offers, which it tells some
/// time after the session is open. That it has compacted, none of them tells.
/// </summary>
internal sealed class AcpCompaction(string agent)
{
    private static readonly string[] s_names = ["compact", "compress"];

    private IReadOnlyList<string>? _offered;
    private string? _known;
    private (string? Keep, bool IsSent)? _wanted;

    /// <summary>It has not told yet what it offers.</summary>
    public bool IsWaiting => _wanted is { IsSent: false } && _offered is null && _known is null;

    /// <param name="known">A command that it has without offering it; null: none.</param>
    public void Begin(string? keep, string? known) => (_wanted, _known) = ((keep, false), known);

    /// <summary>An update of the agent's.</summary>
    /// <returns>True: what was waited for has been told.</returns>
    public bool Hear(JsonElement update)
    {
        if (update.Text("sessionUpdate") != "available_commands_update")
            return false;
        var waited = IsWaiting;
        _offered = [.. update.Items("availableCommands").Select(c => c.Text("name")).OfType<string>()];
        return waited;
    }

    /// <summary>The command, to be sent as a prompt; null: it offers none, or has not told yet.</summary>
    public JsonArray? Prompt()
    {
        if (_wanted is not { } wanted || (s_names.FirstOrDefault(n => _offered?.Contains(n) ?? false) ?? _known) is not { } name)
            return null;
        _wanted = wanted with { IsSent = true };
        return PromptBlocks.Command(name, wanted.Keep);
    }

    /// <summary>Why it is not done.</summary>
    public TurnFailure NotOffered()
    {
        _wanted = null;
        return new TurnFailure(
            FailureKind.BadRequest, agent,
            $"{agent} cannot be told to compact its context: {(_offered is { Count: > 0 } ? $"none of the commands that it offers does that ({string.Join(", ", _offered)})" : "it offers no commands")}.");
    }

    /// <summary>A turn is over.</summary>
    /// <returns>Null: it compacted nothing.</returns>
    public AgentCompacted? End(bool hasSucceeded)
    {
        var compacted = _wanted is not null && hasSucceeded ? new AgentCompacted(agent, "manual") : null;
        _wanted = null;
        return compacted;
    }
}
