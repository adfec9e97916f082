using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Store;

/// <summary>A log as nobody would write it, but made of events that could follow each other. The same seed makes the same log.</summary>
internal sealed class RandomLog(int seed, IReadOnlyList<string> texts)
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    private readonly Random _random = new(seed);
    private readonly SessionId _session = Some.Ids.Next<SessionId>();
    private readonly List<MessageId> _messages = [];
    private readonly List<PartId> _parts = [];
    private readonly List<PermissionId> _questions = [];
    private TurnId _turn = Some.Ids.Next<TurnId>();
    private int _visible;

    public IReadOnlyList<SessionEvent> Events(int count) =>
        [.. Enumerable.Range(1, count).Select(seq => new SessionEvent(
            _session, seq, s_start.AddMilliseconds(seq * 250), seq == 1 ? Created() : Next(seq), _random.Next(3) == 0 ? new Cause("api", Maybe(Text())) : null, _random.Next(4) == 0))];

    private SessionCreated Created() => new(Text(), "skein", Maybe("a/b"), Any<PermissionMode>(), Maybe(Text()), Maybe("here"));

    private EventBody Next(int seq) => _random.Next(24) switch
    {
        0 => new SessionTitled(Text(), Any<TitleSource>()),
        1 => new SessionConfigured(Maybe("claude"), Maybe("x/y"), _random.Next(2) == 0 ? null : Any<PermissionMode>()),
        2 => new SessionMoved(Text()),
        3 => _random.Next(2) == 0 ? new SessionArchived() : new SessionUnarchived(),
        4 => _random.Next(2) == 0 ? new SessionTrashed() : new SessionRestored(),
        5 => new SessionPinned(_random.Next(2) == 0),
        6 => new AgentLinked("codex", Text()),
        7 => new PromptQueued(Some.Ids.Next<TurnId>(), Some.Ids.Next<MessageId>(), Parts()),
        8 => new PromptSteered(_turn, Some.Ids.Next<MessageId>(), Parts()),
        9 => new TurnStarted(_turn = Some.Ids.Next<TurnId>(), "skein", Maybe("a/b"), Any<PermissionMode>(), Maybe(Text())),
        10 => new TurnCompleted(_turn),
        11 => new TurnFailed(_turn, Any<FailureKind>(), Maybe("p"), Text()),
        12 => new TurnInterrupted(_turn, "user"),
        13 => Asked(),
        14 when _questions.Count > 0 => new PermissionAnswered(One(_questions), Any<PermissionAnswer>(), Maybe(Text())),
        15 when _messages.Count > 0 => new MessageEdited(One(_messages), Parts()),
        16 when _messages.Count > 0 => new MessageCompleted(One(_messages), Any<StopReason>(), _random.Next(2) == 0 ? null : new Usage(_random.Next(), 1, 2, 3, 4), 0.125m * _random.Next(9)),
        17 when _messages.Count > 0 => new PartStreamed(One(_messages), Part(), Any<StreamKind>(), _random.Next(20), Text()),
        18 when _messages.Count > 0 => new PartAdded(One(_messages), Part(), Content()),
        19 when _messages.Count > 0 && _parts.Count > 0 => new PartDropped(One(_messages), One(_parts), Text()),
        20 => new SessionRewound(_random.Next(seq), null, _visible = _random.Next(_visible + 1)),
        21 => new SessionUnrewound(_visible),
        22 => new UnknownEvent("goose.flew", JsonElement.Parse("""{"over":["the sea",1e3,true]}""")),
        _ => Added(),
    };

    private MessageAdded Added()
    {
        _messages.Add(Some.Ids.Next<MessageId>());
        return new MessageAdded(_messages[^1], Any<Role>(), Any<MessageStatus>(), ++_visible, Parts(), _turn, Maybe("a/b"));
    }

    private PermissionAsked Asked()
    {
        _questions.Add(Some.Ids.Next<PermissionId>());
        return new PermissionAsked(_questions[^1], _turn, "1", "bash", Text(), Maybe(Text()));
    }

    private MessagePart[] Parts() => [.. Enumerable.Range(0, _random.Next(3)).Select(_ => new MessagePart(Part(), Content()))];

    private Part Content() => _random.Next(5) switch
    {
        0 => new ReasoningPart(Text(), Maybe(Text())),
        1 => new ToolCallPart("1", "bash", JsonElement.Parse("""{"a":[1,2.50,{"b":"ä\u0007"}]}""")),
        2 => new ToolResultPart("1", Text(), _random.Next(2) == 0),
        3 => new FilePart("text/plain", Maybe(Text()), new BlobRef(new string('b', 64), _random.Next(), "text/plain", Maybe(Text()))),
        _ => new TextPart(Text()),
    };

    private PartId Part()
    {
        if (_parts.Count == 0 || _random.Next(2) == 0)
            _parts.Add(Some.Ids.Next<PartId>());
        return One(_parts);
    }

    private string Text() => texts.Count == 0 ? "" : texts[_random.Next(texts.Count)] ?? "";

    private string? Maybe(string text) => _random.Next(2) == 0 ? null : text;

    private T One<T>(IReadOnlyList<T> of) => of[_random.Next(of.Count)];

    private T Any<T>() where T : struct, Enum => One(Enum.GetValues<T>());
}
