using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Acp;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent;
using Skein.Tests.House;

namespace Skein.Tests.Adapters.Acp;

/// <summary>Plays what a real agent said, as it was recorded, through the protocol: it prompts where the recording did, and allows what is asked.</summary>
internal sealed class AcpReplay
{
    private const string Folder = "tests/Skein.Tests/Adapters/Acp/Captures";

    private readonly AcpProtocol _protocol = new("goose", TimeProvider.System);
    private readonly AgentSteps _steps = new();
    private readonly Dictionary<string, Queue<long>> _sent = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _recorded = [];
    private readonly Session _session = Sample.Session(null, mode: PermissionMode.Ask);
    private bool _isOpen;

    public static IEnumerable<string> Names => Repository.Files(Folder, "*.jsonl").Select(f => Path.GetFileNameWithoutExtension(f));

    public List<AgentOutput> Outputs { get; } = [];
    public List<TurnFailure?> Turns { get; } = [];

    /// <summary>What was shown as it arrived.</summary>
    public string Shown => string.Concat(Outputs.OfType<AgentDelta>().Where(d => d.Kind == StreamKind.Text).Select(d => d.Text));

    /// <summary>What is in the log.</summary>
    public string Kept => string.Concat(Bodies.OfType<PartAdded>().Select(p => p.Content).OfType<TextPart>().Select(p => p.Text));

    public IEnumerable<EventBody> Bodies => Outputs.OfType<AgentEvents>().SelectMany(e => e.Bodies);

    public static IReadOnlyList<JsonElement> Lines(string name) =>
        [.. File.ReadLines(Repository.PathOf($"{Folder}/{name}.jsonl")).Select(l => JsonElement.Parse(l))];

    /// <summary>The text that an agent's frame says; null: none.</summary>
    public static string? Said(JsonElement frame) =>
        frame.Find("params", "update") is { } update && update.Text("sessionUpdate") == "agent_message_chunk" ? update.Find("content")?.Text("text") : null;

    public void Open(string? resume = null)
    {
        _protocol.Open(_session, resume is null ? null : new AgentResume(resume, 0, Forks: false), _steps);
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
            if (method == "session/prompt" && _isOpen)
                _protocol.Prompt(new FakeTurn(_session, [Sample.User("go")]), null, _steps);
            else if (method == "session/cancel")
                _protocol.Interrupt(_steps);
            Work();
        }
    }

    public void Hear(JsonElement frame)
    {
        _protocol.Hear(Renumbered(frame), _steps);
        Work();
    }

    // Answers bear the numbers of the recording's requests; ours have others.
    private JsonElement Renumbered(JsonElement frame)
    {
        if (frame.Find("method") is not null || frame.Number("id") is not { } id || !_recorded.TryGetValue(id, out var method)
            || !_sent.TryGetValue(method is "session/resume" ? "session/load" : method, out var ids) || !ids.TryDequeue(out var ours))
            return frame;

        var copy = JsonNode.Parse(frame.GetRawText())!.AsObject();
        copy["id"] = ours;
        return JsonElement.Parse(copy.ToJsonString());
    }

    private void Work()
    {
        while (_steps.Take() is { } step)
        {
            switch (step)
            {
                case AgentStep.Send { Frame: var frame } when frame["method"]?.GetValue<string>() is { } method && frame["id"]?.GetValue<long>() is { } id:
                    if (method is "session/set_mode" or "session/set_model" or "session/set_config_option")
                        _protocol.Hear(JsonElement.Parse($$"""{"jsonrpc":"2.0","id":{{id}},"result":{ } }"""), _steps);
                    else
                        Sent(method is "session/resume" ? "session/load" : method).Enqueue(id);
                    break;
                case AgentStep.Yield yield:
                    Outputs.Add(yield.Output);
                    break;
                case AgentStep.Ask { Question: var question }:
                    _protocol.Answer(question, new PermissionAnswered(question.Permission, PermissionAnswer.Once), _steps);
                    break;
                case AgentStep.Opened:
                    _isOpen = true;
                    break;
                case AgentStep.Over over:
                    Turns.Add(over.Failure);
                    break;
            }
        }
    }

    private Queue<long> Sent(string method) => _sent.TryGetValue(method, out var ids) ? ids : _sent[method] = new Queue<long>();
}
