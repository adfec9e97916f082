using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Skein.Agent.Settings;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Running;

namespace Skein.Agent.Hooks;

/// <summary>
/// The hooks of all sessions: around prompts, tools, turns and the sessions themselves. One that fails or hangs forbids what it was asked
/// about. Safe for use by many threads.
/// </summary>
/// <param name="read">The settings for a workspace, which tell the hooks that count there.</param>
/// <param name="tooling">What programs see, and how they are confined.</param>
public sealed class SessionHooks(Func<string, CancellationToken, Task<LoadedSettings>> read, ToolSettings tooling)
{
    // A server that stops, or a session that is let go, waits no longer for them.
    private static readonly TimeSpan s_ending = TimeSpan.FromSeconds(5);

    private readonly HookRunner _runner = new(read, tooling);
    private readonly ConcurrentDictionary<SessionId, bool> _begun = new();

    /// <summary>The same kind of agent, with hooks around its turns.</summary>
    public AgentKind Around(AgentKind kind) => kind with { Open = session => new HookedAgent(kind.Open(session), session, this) };

    /// <summary>The same kind of agent, which is driven: also with hooks before what it asks permission for.</summary>
    public AgentKind AroundDriven(AgentKind kind) => kind with { Open = session => new HookedAgent(kind.Open(session), session, this, turn => new HookedTurn(turn, _runner)) };

    /// <summary>What a prompt becomes before it is accepted.</summary>
    /// <param name="text">As it was sent.</param>
    /// <param name="expanded">What it stands for; null: itself.</param>
    /// <exception cref="InvalidRequestException">A hook forbids it.</exception>
    public async ValueTask<ExpandedPrompt?> OnPromptAsync(Session session, string text, ExpandedPrompt? expanded, CancellationToken cancellationToken)
    {
        var context = "";
        foreach (var on in _begun.ContainsKey(session.Id) ? [HookEvent.Prompt] : new[] { HookEvent.SessionStart, HookEvent.Prompt })
        {
            var outcome = await RunAsync(session, on, e =>
            {
                if (on == HookEvent.Prompt)
                    e["prompt"] = expanded?.Text ?? text;
                else
                    e["messages"] = session.Messages;
            }, cancellationToken);

            // Nobody can be asked before there is a turn.
            if ((outcome.Denied ?? outcome.Asks) is { } why)
                throw new InvalidRequestException(why);
            context = $"{context}\n{outcome.Context}".Trim();
        }

        _begun[session.Id] = true;
        return context.Length == 0 ? expanded : (expanded ?? new ExpandedPrompt(text)) with { Text = $"{expanded?.Text ?? text}\n\n[Hooks say]\n{context}" };
    }

    /// <summary>Tools that hooks are told of, and a gate that asks where they want it.</summary>
    public async ValueTask<Toolbox> ExtendAsync(Toolbox own, Session session, CancellationToken cancellationToken)
    {
        var hooks = (await read(session.Workspace, cancellationToken)).Settings.Hooks;
        if (!hooks.Any(static h => h.On is HookEvent.BeforeTool or HookEvent.AfterTool or HookEvent.AfterEdit))
            return own;

        return own with
        {
            Tools = [.. own.Tools.Select(t => new HookedTool(t, _runner))],
            Gate = own.Gate with
            {
                Decide = async (of, tool, intent, token) =>
                    await own.Gate.Decide(of, tool, intent, token) is var verdict && verdict is ToolVerdict.Allow && intent.AskFirst ? new ToolVerdict.Ask(null) : verdict,
            },
        };
    }

    /// <returns>Whether a hook was run, and what it says went wrong with the turn; null: nothing.</returns>
    internal async Task<(bool Ran, TurnFailure? Failure)> OnTurnEndAsync(ITurn turn, string said, TurnFailure? failure, CancellationToken cancellationToken)
    {
        var ran = false;
        var outcome = await RunAsync(turn.Session, HookEvent.TurnEnd, e =>
        {
            ran = true;
            e["turn"] = turn.Id.Value;
            e["answer"] = said;
            e["failure"] = failure?.Message;
        }, cancellationToken);
        return (ran, outcome.Denied is { } why ? new TurnFailure(FailureKind.Internal, null, why) : null);
    }

    /// <summary>Nothing is forbidden by them any longer, and nobody is there to be told.</summary>
    internal async Task OnSessionEndAsync(Session session)
    {
        if (!_begun.TryRemove(session.Id, out _))
            return;
        using var over = new CancellationTokenSource(s_ending, tooling.Time);
        try
        {
            await RunAsync(session, HookEvent.SessionEnd, static _ => { }, over.Token);
        }
        catch (OperationCanceledException)
        {
            // It was killed.
        }
    }

    internal static string Unknown(Exception why) => $"Which hooks there are cannot be told, and so this is forbidden: {why.Message}";

    private async Task<HookOutcome> RunAsync(Session session, HookEvent on, Action<JsonObject> tell, CancellationToken cancellationToken)
    {
        try
        {
            return await _runner.RunAsync(session, on, null, tell, cancellationToken);
        }
        catch (Exception e) when (e is SkeinException or IOException or UnauthorizedAccessException)
        {
            return new HookOutcome(Unknown(e), null, "");
        }
    }
}
