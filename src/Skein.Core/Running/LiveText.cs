using System.Text;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>
/// The text of one session that is still arriving. There is no queue of deltas: each follower remembers how far it has read each part and
/// takes what is new, so a slow one costs nothing and gets fewer, larger pieces. Safe for use by many threads.
/// </summary>
internal sealed class LiveText
{
    private readonly Lock _lock = new();
    private readonly List<LivePart> _parts = [];
    private TaskCompletionSource? _changed;

    /// <summary>Followers attached.</summary>
    public int Followers { get; set; }

    /// <summary>The part that is whole by an event, or dropped: nobody needs more of its pieces. Null: none.</summary>
    public static PartId? EndedBy(EventBody body) => body switch
    {
        PartAdded added => added.Part,
        PartDropped dropped => dropped.Part,
        _ => null,
    };

    /// <summary>Completes at the next change after this very call.</summary>
    public Task NextChange()
    {
        lock (_lock)
        {
            _changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _changed.Task;
        }
    }

    /// <param name="lastSeq">The last durable sequence: nobody is shown the part before he has read so far.</param>
    public void Append(AgentDelta delta, long lastSeq)
    {
        TaskCompletionSource? changed;
        lock (_lock)
        {
            var part = _parts.Find(p => p.Part == delta.Part);
            if (part is null)
                _parts.Add(part = new LivePart(delta.Message, delta.Part, delta.Kind, delta.CallId, delta.Tool, lastSeq));
            part.Text.Append(delta.Text);
            (changed, _changed) = (_changed, null);
        }

        changed?.SetResult();
    }

    /// <summary>Parts are complete in the log, or were dropped.</summary>
    public void Finish(IReadOnlyList<SessionEvent> events)
    {
        lock (_lock)
        {
            foreach (var e in events)
            {
                var ended = EndedBy(e.Body);
                _parts.RemoveAll(p => p.Part == ended);
            }
        }
    }

    public void Clear()
    {
        lock (_lock)
            _parts.Clear();
    }

    /// <summary>What a follower has not been sent yet.</summary>
    /// <param name="sent">How far it was sent each part; brought up to date.</param>
    /// <param name="seq">How far it has read the log.</param>
    /// <param name="behind">There is text of a part that began later than that: read the log again first.</param>
    public IReadOnlyList<PartDelta> TakeNew(Dictionary<PartId, int> sent, long seq, out bool behind)
    {
        lock (_lock)
        {
            behind = _parts.Exists(p => p.BornAt > seq);
            var news = new List<PartDelta>();
            foreach (var part in _parts.Where(p => p.BornAt <= seq))
            {
                var from = sent.GetValueOrDefault(part.Part);
                if (part.Shown(from) is not { Length: > 0 } text)
                    continue;
                news.Add(new PartDelta(part.Message, part.Part, part.Kind, from, text, part.CallId, part.Tool));
                sent[part.Part] = from + text.Length;
            }

            foreach (var gone in sent.Keys.Where(id => !_parts.Exists(p => p.Part == id)).ToList())
                sent.Remove(gone);
            return news;
        }
    }

    /// <summary>A follower has read in the log how a part ended: of its text, which may be here for a moment yet, nothing is new to him.</summary>
    public void End(Dictionary<PartId, int> sent, PartId part)
    {
        lock (_lock)
        {
            if (_parts.Exists(p => p.Part == part))
                sent[part] = int.MaxValue;
        }
    }

    /// <summary>Checkpoints for the text and the reasoning that no checkpoint has yet.</summary>
    public IReadOnlyList<EventBody> TakeCheckpoints()
    {
        lock (_lock)
        {
            var checkpoints = new List<EventBody>();
            foreach (var part in _parts.Where(p => p.Kind != StreamKind.ToolCall))
            {
                if (part.Shown(part.Checkpointed) is not { Length: > 0 } text)
                    continue;
                checkpoints.Add(new PartStreamed(part.Message, part.Part, part.Kind, part.Checkpointed, text));
                part.Checkpointed += text.Length;
            }

            return checkpoints;
        }
    }

    /// <summary>The parts as far as they have arrived; arguments of calls are of no use unfinished.</summary>
    public IReadOnlyList<PartAdded> SoFar()
    {
        lock (_lock)
        {
            return [.. _parts.Where(p => p.Kind != StreamKind.ToolCall && p.Text.Length > 0).Select(p => new PartAdded(p.Message, p.Part, p.Content))];
        }
    }

    private sealed record LivePart(MessageId Message, PartId Part, StreamKind Kind, string? CallId, string? Tool, long BornAt)
    {
        public StringBuilder Text { get; } = new();
        public int Checkpointed { get; set; }
        public Part Content => Kind == StreamKind.Reasoning ? new ReasoningPart(Text.ToString()) : new TextPart(Text.ToString());

        // A pair whose second half has not come is held back.
        public string Shown(int from)
        {
            var end = Text.Length > 0 && char.IsHighSurrogate(Text[^1]) ? Text.Length - 1 : Text.Length;
            return end > from ? Text.ToString(from, end - from) : "";
        }
    }
}

/// <summary>The live texts of all sessions that are running or followed. Followers and the runner share one, whoever comes first.</summary>
internal sealed class LiveTexts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SessionId, (LiveText Text, int Users)> _texts = [];

    public LiveText Attach(SessionId session, bool follower)
    {
        lock (_lock)
        {
            var (text, users) = _texts.TryGetValue(session, out var known) ? known : (new LiveText(), 0);
            text.Followers += follower ? 1 : 0;
            _texts[session] = (text, users + 1);
            return text;
        }
    }

    public void Detach(SessionId session, bool follower)
    {
        lock (_lock)
        {
            var (text, users) = _texts[session];
            text.Followers -= follower ? 1 : 0;
            if (users == 1)
                _texts.Remove(session);
            else
                _texts[session] = (text, users - 1);
        }
    }

    public int Followers(SessionId session)
    {
        lock (_lock)
            return _texts.TryGetValue(session, out var known) ? known.Text.Followers : 0;
    }
}
