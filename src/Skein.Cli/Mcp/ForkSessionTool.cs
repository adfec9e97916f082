using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Mcp;

internal sealed class ForkSessionTool(SessionScope scope) : SessionTool(
    Allowance.Fork,
    "fork_session",
    "Fork a session",
    "Makes a new session that begins with the messages of another one, which stays as it is.",
    $$"""
    {{SessionArgument}},
    "message": { "type": "string", "description": "The last message that the fork has, by its id; all unless told." },
    "title": { "type": "string", "description": "Its title; that of the other with '(fork)' unless told." }
    """,
    "session")
{
    protected override async Task<SessionAnswer> RunAsync(ToolArguments arguments, ProgressTeller progress, CancellationToken cancellationToken)
    {
        var origin = await scope.FindAsync(arguments.Text("session"), cancellationToken);
        MessageId? last = arguments.FindText("message") is { } named ? MessageId.Parse(named) : null;
        var client = await scope.ConnectAsync(cancellationToken);
        return new SessionAnswer(SessionJson.Row((await client.ForkAsync(origin.Id, new ForkRequest(last, arguments.FindText("title")), cancellationToken)).Session));
    }
}
