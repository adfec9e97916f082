using System.Text;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Store;

/// <summary>Events as they happen, for tests that need some.</summary>
internal static class Some
{
    public static readonly Cause By = new("test");
    public static readonly IdSource Ids = new(TimeProvider.System);

    public static SessionCreated Created(string workspace = "/work", string agent = "skein", string? title = null, SessionId? parent = null) =>
        new(workspace, agent, "scripted/any", PermissionMode.Ask, title, "here", parent);

    public static SessionForked Forked(Session origin, long upTo, params Segment[] segments) =>
        new(new ForkOrigin(origin.Id, upTo, null), segments, origin.Workspace, origin.Agent, origin.Model, origin.Mode, "a fork", origin.Host, 0);

    public static SessionTitled Titled(string title) => new(title, TitleSource.Manual);

    public static MessageAdded Message(string text, int n = 1, Role role = Role.User) =>
        new(Ids.Next<MessageId>(), role, MessageStatus.Completed, n, [new MessagePart(Ids.Next<PartId>(), new TextPart(text))]);

    public static TurnStarted Turn() => new(Ids.Next<TurnId>(), "skein", null, PermissionMode.Ask);

    /// <summary>A turn with one of almost everything in it.</summary>
    public static IReadOnlyList<EventBody> WholeTurn(int n)
    {
        var turn = Turn();
        var message = Message("Make the tests pass. 日本語 🦢 \"quoted\" \\ \n", n);
        var answer = new MessageAdded(Ids.Next<MessageId>(), Role.Assistant, MessageStatus.Pending, n + 1, [], turn.Turn, "scripted/any");
        var question = new PermissionAsked(Ids.Next<PermissionId>(), turn.Turn, "1", "bash", "dotnet test", "dotnet test --all", "dotnet *");
        return
        [
            message,
            turn,
            answer,
            new PartStreamed(answer.Message, Ids.Next<PartId>(), StreamKind.Text, 0, "I look"),
            new PartAdded(answer.Message, Ids.Next<PartId>(), new TextPart("I look.")),
            new PartAdded(answer.Message, Ids.Next<PartId>(), new ToolCallPart("1", "bash", JsonElement.Parse("""{"command":"dotnet test","seq": 5,"crc":"00000000"}"""))),
            question,
            new PermissionAnswered(question.Permission, PermissionAnswer.Once),
            new ToolStarted(answer.Message, "1", "bash", "dotnet test"),
            new PartAdded(answer.Message, Ids.Next<PartId>(), new ToolResultPart("1", "passed", false, new BlobRef(new string('a', 64), 9, "text/plain", "head", "tail"))),
            new ToolFinished(answer.Message, "1", false, 12, JsonElement.Parse("""{"exit":0}""")),
            new MessageCompleted(answer.Message, StopReason.End, new Usage(1, 2, 3, 4, 5), 0.25m),
            new TurnCompleted(turn.Turn),
            new UnknownEvent("swan.landed", JsonElement.Parse("""{"where":["lake",1.50,null]}""")),
        ];
    }

    /// <summary>What a reader sees of an event, all of it, for comparing: records compare lists by reference.</summary>
    public static string Text(SessionEvent e) => e.Session + " " + (e.Body is Gap gap ? $"{e.Seq} {gap}" : Encoding.UTF8.GetString(EventCodec.Encode(e, withSession: true).Span));

    public static IReadOnlyList<string> Texts(IEnumerable<SessionEvent> events) => [.. events.Select(Text)];

    public static string Text(Session? session) => JsonSerializer.Serialize(session!, SkeinJson.Relaxed.Session);
}
