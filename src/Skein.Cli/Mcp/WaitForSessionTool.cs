namespace Skein.Cli.Mcp;

internal sealed class WaitForSessionTool(SessionScope scope, TimeProvider time) : SessionTool(
    Allowance.Read,
    "wait_for_session",
    "Wait for a session",
    "Waits until a session's agent has ended what it does, and tells the answer; that of its last turn where it does nothing.",
    $"""
    {SessionArgument},
    {SecondsArgument}
    """,
    "session")
{
    // Programs commonly give a call up after a minute.
    private const int UsualSeconds = 50;
    private const int MostSeconds = 3600;

    public const string SecondsArgument = """
        "wait_seconds": { "type": "integer", "minimum": 0, "maximum": 3600, "description": "How long to wait for the end; 50 unless told. Nothing is ended when the wait is." }
        """;

    public static TimeSpan SecondsOf(ToolArguments arguments) => TimeSpan.FromSeconds(arguments.Number("wait_seconds", UsualSeconds, 0, MostSeconds));

    protected override async Task<SessionAnswer> RunAsync(ToolArguments arguments, ProgressTeller progress, CancellationToken cancellationToken)
    {
        var wait = SecondsOf(arguments);
        var session = await scope.FindAsync(arguments.Text("session"), cancellationToken);
        var turns = new TurnWait(await scope.ConnectAsync(cancellationToken), time);
        return session.Turn is { } turn
            ? await turns.ForAsync(session.Id, turn, session.Seq, wait, progress, cancellationToken)
            : await turns.LastAsync(session, cancellationToken);
    }
}
