using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent;
using Skein.Tests.House;

namespace Skein.Tests.Adapters;

/// <summary>
/// Plays what a real agent said over JSON-RPC, as it was recorded, through its protocol: it does what the recording's client did, and
/// allows what is asked.
/// </summary>
internal abstract class Replay(IAgentProtocol protocol)
{
    private readonly AgentSteps _steps = new();
    private readonly Dictionary<string, Queue<long>> _sent = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _recorded = [];
    private readonly Session _session = Sample.Session(null, mode: PermissionMode.Ask);

    public List<AgentOutput> Outputs { get; } = [];
    public List<TurnFailure?> Turns { get; } = [];
    public List<PermissionAsked> Asked { get; } = [];

    /// <summary>Why its session could not be gone on with; null: it could.</summary>
    public string? Lost { get; private set; }

    /// <summary>What was shown as it arrived.</summary>
    public string Shown => string.Concat(Outputs.OfType<AgentDelta>().Where(d => d.Kind == StreamKind.Text).Select(d => d.Text));

    /// <summary>What is in the log.</summary>
    public string Kept => string.Concat(Parts.OfType<TextPart>().Select(p => p.Text));

    public IEnumerable<EventBody> Bodies => Outputs.OfType<AgentEvents>().SelectMany(e => e.Bodies);

    public IEnumerable<Part> Parts => Bodies.OfType<PartAdded>().Select(p => p.Content);

    /// <summary>The agent's own id of the session that is open; null: none is.</summary>
    protected string? Open { get; private set; }

    /// <param name="resume">The agent's own session that the recording goes on with; null: a new one.</param>
    public void Begin(string? resume)
    {
        protocol.Open(_session, resume is null ? null : new AgentResume(resume, 0, Forks: false), _steps);
        Work();
    }

    /// <summary>One recorded line.</summary>
    public void Play(JsonElement line)
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
            Work();
        }
    }

    public void Hear(JsonElement frame)
    {
        protocol.Hear(Renumbered(frame), _steps);
        Work();
    }

    /// <summary>What the recording's client told a session that is open.</summary>
    protected abstract void Tell(string method, JsonElement frame);

    /// <summary>The answer to a request that the recording has none for; null: it has one.</summary>
    protected abstract string? AnswerTo(string method);

    /// <summary>The method that Skein does the same with.</summary>
    protected virtual string Ours(string method) => method;

    protected void Prompt() => protocol.Prompt(new FakeTurn(_session, [Sample.User("go")]), null, _steps);

    protected void Steer() => protocol.Steer(Sample.User("more"), _steps);

    protected void Interrupt() => protocol.Interrupt(_steps);

    protected static IEnumerable<string> NamesIn(string folder) => Repository.Files(folder, "*.jsonl").Select(f => Path.GetFileNameWithoutExtension(f));

    protected static IReadOnlyList<JsonElement> LinesOf(string folder, string name) =>
        [.. File.ReadLines(Repository.PathOf($"{folder}/{name}.jsonl")).Select(l => JsonElement.Parse(l))];

    // Answers bear the numbers of the recording's requests; ours have others.
    private JsonElement Renumbered(JsonElement frame)
    {
        if (frame.Find("method") is not null || frame.Number("id") is not { } id)
            return frame;

        var copy = JsonNode.Parse(frame.GetRawText())!.AsObject();
        copy["id"] = _recorded.TryGetValue(id, out var method) && _sent.TryGetValue(Ours(method), out var ids) && ids.TryDequeue(out var ours) ? ours : -id;
        return JsonElement.Parse(copy.ToJsonString());
    }

    private void Work()
    {
        while (_steps.Take() is { } step)
        {
            switch (step)
            {
                case AgentStep.Send { Frame: var frame } when frame["method"]?.GetValue<string>() is { } method && frame["id"]?.GetValue<long>() is { } id:
                    if (AnswerTo(method) is { } answer)
                        protocol.Hear(JsonElement.Parse($$"""{"jsonrpc":"2.0","id":{{id}},"result":{{answer}} }"""), _steps);
                    else
                        Sent(Ours(method)).Enqueue(id);
                    break;
                case AgentStep.Yield yield:
                    Outputs.Add(yield.Output);
                    break;
                case AgentStep.Ask { Question: var question }:
                    Asked.Add(question);
                    protocol.Answer(question, new PermissionAnswered(question.Permission, PermissionAnswer.Once), _steps);
                    break;
                case AgentStep.Opened opened:
                    Open = opened.AgentSession;
                    break;
                case AgentStep.Lost lost:
                    Lost = lost.Why;
                    break;
                case AgentStep.Over over:
                    Turns.Add(over.Failure);
                    break;
            }
        }
    }

    private Queue<long> Sent(string method) => _sent.TryGetValue(method, out var ids) ? ids : _sent[method] = new Queue<long>();
}
