using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent;
using Skein.Tests.House;

namespace Skein.Tests.Adapters;

/// <summary>Plays what a real agent said, as it was recorded, through its protocol, and allows what is asked.</summary>
internal abstract class Replay(IAgentProtocol protocol)
{
    private readonly AgentSteps _steps = new();
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

    /// <summary>What was shown and is no part yet.</summary>
    public string Arriving
    {
        get
        {
            var parts = Bodies.OfType<PartAdded>().Select(p => p.Part).ToHashSet();
            return string.Concat(Outputs.OfType<AgentDelta>().Where(d => d.Kind == StreamKind.Text && !parts.Contains(d.Part)).Select(d => d.Text));
        }
    }

    public IEnumerable<EventBody> Bodies => Outputs.OfType<AgentEvents>().SelectMany(e => e.Bodies);

    public IEnumerable<Part> Parts => Bodies.OfType<PartAdded>().Select(p => p.Content);

    /// <summary>What was carried as it came.</summary>
    public IEnumerable<JsonElement> Reported => Bodies.OfType<AgentReported>().Select(r => r.Frame!.Value);

    /// <summary>The agent's own id of the session that is open; null: none is.</summary>
    public string? Open { get; private set; }

    /// <summary>One recorded line.</summary>
    public abstract void Play(JsonElement line);

    /// <summary>A recording, with frames that are heard beside it after each of its lines.</summary>
    public void PlayWith(IEnumerable<JsonElement> lines, Func<JsonElement, IEnumerable<JsonElement>> beside)
    {
        foreach (var line in lines)
        {
            Play(line);
            foreach (var frame in beside(line))
                Hear(frame);
        }
    }

    public void Hear(JsonElement frame)
    {
        protocol.Hear(AsAnswered(frame), _steps);
        Work();
    }

    /// <param name="resume">The agent's own session that the recording goes on with; null: a new one.</param>
    protected void Begin(string? resume)
    {
        var own = resume is null ? null : new AgentResume(resume, 0, Forks: false);
        _ = protocol.Arguments(_session, own);
        protocol.Open(_session, own, _steps);
        Work();
    }

    protected void Prompt()
    {
        protocol.Prompt(new FakeTurn(_session, [Sample.User("go")]), null, _steps);
        Work();
    }

    protected void Steer()
    {
        protocol.Steer(Sample.User("more"), _steps);
        Work();
    }

    protected void Interrupt()
    {
        protocol.Interrupt(_steps);
        Work();
    }

    /// <summary>A frame that may answer one of ours, as it answers that.</summary>
    protected virtual JsonElement AsAnswered(JsonElement frame) => frame;

    /// <summary>The protocol says something.</summary>
    /// <returns>What the agent says at once; null: what the recording has.</returns>
    protected virtual string? AnswerTo(AgentStep.Send said) => null;

    /// <summary>A turn has ended.</summary>
    protected virtual void Ended() { }

    protected static IEnumerable<string> NamesIn(string folder) => Repository.Files(folder, "*.jsonl").Select(f => Path.GetFileNameWithoutExtension(f));

    protected static IReadOnlyList<JsonElement> LinesOf(string folder, string name) =>
        [.. File.ReadLines(Repository.PathOf($"{folder}/{name}.jsonl")).Select(l => JsonElement.Parse(l))];

    private void Work()
    {
        while (_steps.Take() is { } step)
        {
            switch (step)
            {
                case AgentStep.Send send:
                    if (AnswerTo(send) is { } answer)
                        protocol.Hear(JsonElement.Parse(answer), _steps);
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
                    Ended();
                    break;
            }
        }
    }
}
