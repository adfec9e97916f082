using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Codex;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent;
using Skein.Tests.House;

namespace Skein.Tests.Adapters.Codex;

/// <summary>Plays what the real Codex said, as it was recorded, through the protocol: it prompts, steers and interrupts where the recording did, and allows what is asked.</summary>
internal sealed class CodexReplay
{
    private const string Folder = "tests/Skein.Tests/Adapters/Codex/Captures";

    private readonly CodexProtocol _protocol = new("codex", TimeProvider.System);
    private readonly AgentSteps _steps = new();
    private readonly Dictionary<string, Queue<long>> _sent = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _recorded = [];
    private readonly Session _session = Sample.Session(null, mode: PermissionMode.Ask);
    private string? _thread;

    public static IEnumerable<string> Names => Repository.Files(Folder, "*.jsonl").Select(f => Path.GetFileNameWithoutExtension(f));

    public List<AgentOutput> Outputs { get; } = [];
    public List<TurnFailure?> Turns { get; } = [];
    public List<PermissionAsked> Asked { get; } = [];

    /// <summary>Why its session could not be gone on with; null: it could.</summary>
    public string? Lost { get; private set; }

    /// <summary>What was shown as it arrived.</summary>
    public string Shown => string.Concat(Outputs.OfType<AgentDelta>().Where(d => d.Kind == StreamKind.Text).Select(d => d.Text));

    public IEnumerable<EventBody> Bodies => Outputs.OfType<AgentEvents>().SelectMany(e => e.Bodies);

    public IEnumerable<Part> Parts => Bodies.OfType<PartAdded>().Select(p => p.Content);

    public static IReadOnlyList<JsonElement> Lines(string name) =>
        [.. File.ReadLines(Repository.PathOf($"{Folder}/{name}.jsonl")).Select(l => JsonElement.Parse(l))];

    public static CodexReplay Of(string name)
    {
        var lines = Lines(name);
        var replay = Begun(lines);
        foreach (var line in lines)
            replay.Play(line);
        return replay;
    }

    /// <summary>Opened as the recording was.</summary>
    public static CodexReplay Begun(IReadOnlyList<JsonElement> lines)
    {
        var replay = new CodexReplay();
        var resume = lines.Select(l => l.Find("msg")).FirstOrDefault(m => m?.Text("method") == "thread/resume")?.Find("params")?.Text("threadId");
        replay._protocol.Open(replay._session, resume is null ? null : new AgentResume(resume, 0, Forks: false), replay._steps);
        replay.Work();
        return replay;
    }

    /// <summary>One recorded line.</summary>
    public void Play(JsonElement line)
    {
        var frame = line.GetProperty("msg");
        if (line.Text("dir") == "out")
            Hear(frame);
        else if (frame.Text("method") is { } method)
            Tell(method, frame);
    }

    public void Hear(JsonElement frame)
    {
        _protocol.Hear(Renumbered(frame), _steps);
        Work();
    }

    private void Tell(string method, JsonElement frame)
    {
        if (frame.Number("id") is { } id)
            _recorded[id] = method;
        if (frame.Find("params")?.Text("threadId") != _thread || _thread is null)
            return;
        if (method == "turn/start")
            _protocol.Prompt(new FakeTurn(_session, [Sample.User("go")]), null, _steps);
        else if (method == "turn/steer")
            _protocol.Steer(Sample.User("more"), _steps);
        else if (method == "turn/interrupt")
            _protocol.Interrupt(_steps);
        Work();
    }

    // Answers bear the numbers of the recording's requests; ours have others.
    private JsonElement Renumbered(JsonElement frame)
    {
        if (frame.Find("method") is not null || frame.Number("id") is not { } id)
            return frame;

        var copy = JsonNode.Parse(frame.GetRawText())!.AsObject();
        copy["id"] = _recorded.TryGetValue(id, out var method) && _sent.TryGetValue(method, out var ids) && ids.TryDequeue(out var ours) ? ours : -id;
        return JsonElement.Parse(copy.ToJsonString());
    }

    private void Work()
    {
        while (_steps.Take() is { } step)
        {
            switch (step)
            {
                case AgentStep.Send { Frame: var frame } when frame["method"]?.GetValue<string>() is { } method && frame["id"]?.GetValue<long>() is { } id:
                    if (method == "model/list")
                        _protocol.Hear(JsonElement.Parse($$$"""{"id":{{{id}}},"result":{"data":[{"model":"gpt-goose"}]}}"""), _steps);
                    else
                        Sent(method).Enqueue(id);
                    break;
                case AgentStep.Yield yield:
                    Outputs.Add(yield.Output);
                    break;
                case AgentStep.Ask { Question: var question }:
                    Asked.Add(question);
                    _protocol.Answer(question, new PermissionAnswered(question.Permission, PermissionAnswer.Once), _steps);
                    break;
                case AgentStep.Opened opened:
                    _thread = opened.AgentSession;
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
