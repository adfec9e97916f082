using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;

namespace Skein.Tests.Adapters;

/// <summary>A recording of both sides of JSON-RPC: what its client did is done when it did it.</summary>
internal abstract class RpcReplay(IAgentProtocol protocol) : Replay(protocol)
{
    private readonly Dictionary<string, Queue<long>> _sent = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _recorded = [];

    public override void Play(JsonElement line)
    {
        if (line.Find("msg") is not { ValueKind: JsonValueKind.Object } frame)
            return;
        if (line.Text("dir") == "out")
            Hear(frame);
        else if (line.Text("dir") == "in" && frame.Text("method") is { } method)
        {
            if (frame.Number("id") is { } id)
                _recorded[id] = method;
            if (Open is not null)
                Tell(method, frame);
        }
    }

    /// <summary>Plays the recording once for each answer and each value of it, which is broken.</summary>
    public static void PlayWithBrokenAnswers(IReadOnlyList<JsonElement> lines, Func<RpcReplay> begin)
    {
        for (var at = 0; at < lines.Count; at++)
        {
            if (lines[at].Text("dir") != "out" || lines[at].Find("msg") is not { } answer || answer.Find("id") is null || answer.Find("method") is not null)
                continue;

            foreach (var broken in BrokenFrames.Of(answer))
            {
                var replay = begin();
                foreach (var line in lines.Take(at))
                    replay.Play(line);
                replay.Hear(broken);
                foreach (var line in lines.Skip(at + 1))
                    replay.Play(line);
            }
        }
    }

    /// <summary>What the recording's client told a session that is open.</summary>
    protected abstract void Tell(string method, JsonElement frame);

    /// <summary>The result of a request that the recording has no answer to; null: it has one.</summary>
    protected abstract string? ResultOf(string method);

    /// <summary>The method that Skein does the same with.</summary>
    protected virtual string Ours(string method) => method;

    // Answers bear the numbers of the recording's requests; ours have others.
    protected override JsonElement AsAnswered(JsonElement frame)
    {
        if (frame.Find("method") is not null || frame.Number("id") is not { } id)
            return frame;

        var copy = JsonNode.Parse(frame.GetRawText())!.AsObject();
        copy["id"] = _recorded.TryGetValue(id, out var method) && _sent.TryGetValue(Ours(method), out var ids) && ids.TryDequeue(out var ours) ? ours : -id;
        return JsonElement.Parse(copy.ToJsonString());
    }

    protected override string? AnswerTo(AgentStep.Send said)
    {
        if (said.Frame["method"]?.GetValue<string>() is not { } method || said.Frame["id"]?.GetValue<long>() is not { } id)
            return null;
        if (ResultOf(method) is { } result)
            return $$"""{"jsonrpc":"2.0","id":{{id}},"result":{{result}} }""";
        Sent(Ours(method)).Enqueue(id);
        return null;
    }

    private Queue<long> Sent(string method) => _sent.TryGetValue(method, out var ids) ? ids : _sent[method] = new Queue<long>();
}
