using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Testing;

namespace Skein.Tests.Agent.Loop;

/// <summary>The agent with a scripted model.</summary>
internal sealed class Looped(params ScriptStep[] steps)
{
    public const string Model = "scripted/test";

    public IReadOnlyList<ITool> Tools { get; init; } = [];
    public ToolGate Gate { get; init; } = Sample.Open;
    public ToolboxExtension? Extend { get; init; }

    public SkeinAgent Agent => new(
        new ModelCatalog([], _ => null, new Dictionary<string, Script> { ["test"] = new(steps) }, TimeProvider.System),
        new Toolbox(Tools, Gate), Sample.AtOnce, TimeProvider.System, Extend);

    public static FakeTurn Turn(params Message[] messages) => new(Sample.Session(Model), messages);

    public Task<TurnRecord> RunAsync() => RunAsync(Turn(Sample.User("Go.")));

    public Task<TurnRecord> RunAsync(FakeTurn turn) => TurnRecord.RunAsync(Agent, turn);

    public static ScriptStep Say(string text) => new(new ScriptText(text));

    public static ScriptStep Call(params string[] tools) => new([.. tools.Select(t => new ScriptCall(t, Sample.Json("{}")))]);
}
