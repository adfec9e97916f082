using Skein.Cli.Commands;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Mcp;

internal sealed class PromptSessionTool(SessionScope scope, CallerInput caller, TimeProvider time) : SessionTool(
    Allowance.Prompt,
    "prompt_session",
    "Prompt a session",
    "Gives a session's agent a task and waits for its answer. Without 'session' a new one is begun. The agent works with the session's own permissions: what it may not do unasked, a person is asked. Where the wait is over first the answer has 'status': 'running' or 'waiting' (for a person), and wait_for_session waits on.",
    $$"""
    "prompt": { "type": "string", "minLength": 1 },
    {{SessionArgument}},
    "agent": { "type": "string", "description": "Who works from now on; as it is unless told." },
    "model": { "type": "string", "description": "The model from now on, provider/name; as it is unless told." },
    "title": { "type": "string", "description": "The title of a new session." },
    "when": { "type": "string", "enum": ["reject", "queue", "steer", "interrupt"], "description": "What to do where its agent works already; it is refused unless told." },
    {{WaitForSessionTool.SecondsArgument}}
    """,
    "prompt")
{
    protected override async Task<SessionAnswer> RunAsync(ToolArguments arguments, ProgressTeller progress, CancellationToken cancellationToken)
    {
        var when = arguments.FindWord("when", Values.Whens) ?? WhenBusy.Reject;
        var wait = WaitForSessionTool.SecondsOf(arguments);
        var (agent, model) = (arguments.FindText("agent"), arguments.FindText("model"));
        var client = await scope.ConnectAsync(cancellationToken);
        var named = arguments.FindText("session");
        var session = named is { } name
            ? await scope.FindAsync(name, cancellationToken)
            : (await client.CreateAsync(new NewSession(scope.Folder, agent, model, Title: arguments.FindText("title")), cancellationToken)).Session;
        PromptAccepted accepted;
        try
        {
            accepted = await client.PromptAsync(session.Id, new PromptRequest(arguments.Text("prompt"), When: when, Agent: agent, Model: model), cancellationToken);
        }
        catch (InvalidRequestException) when (named is null)
        {
            await MadeInVain.TakeBackAsync(client, session.Id, cancellationToken);
            throw;
        }

        try
        {
            return await new TurnWait(client, time).ForAsync(session.Id, accepted.Turn, session.Seq, wait, progress, cancellationToken);
        }
        catch (OperationCanceledException) when (!caller.HasGone)
        {
            // Whoever asked for it no longer wants it. Not so where they only went away: a session outlives its clients.
            await client.InterruptAsync(session.Id, CancellationToken.None);
            throw;
        }
    }
}
