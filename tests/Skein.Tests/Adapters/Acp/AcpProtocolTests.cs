using System.Text.Json;
using Skein.Adapters.Acp;
using Skein.Adapters.Driving;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent;

namespace Skein.Tests.Adapters.Acp;

/// <summary>What an agent that speaks ACP is told, without its process.</summary>
public sealed class AcpProtocolTests
{
    private readonly AcpProtocol _protocol = new("goose", TimeProvider.System);
    private readonly AgentSteps _steps = new();

    [Theory]
    [InlineData("""{"id":3,"error":{"code":-32602,"message":"Unknown model dodo"}}""")]
    [InlineData("""{"id":3,"result":{}}""")]
    public void What_an_interrupted_turn_had_set_is_set_again_by_the_next_one_and_what_is_answered_late_ends_no_other(string late)
    {
        _protocol.Open(Turn(null).Session, null, _steps);
        Hear("""{"id":1,"result":{"protocolVersion":1,"agentCapabilities":{}}}""");
        Hear("""{"id":2,"result":{"sessionId":"own-1","models":{"availableModels":[{"modelId":"grey"},{"modelId":"snow"}],"currentModelId":"grey"}}}""");
        _protocol.Prompt(Turn("dodo"), null, _steps);
        _protocol.Interrupt(_steps);
        Assert.Null(Assert.IsType<AgentStep.Over>(Steps()[^1]).Failure);

        _protocol.Prompt(Turn("grey"), null, _steps);
        Assert.Equal(["session/set_model grey"], Said());
        Hear(late);
        Assert.Empty(Said());
        Hear("""{"id":4,"result":{}}""");

        Assert.Equal(["session/prompt"], Said());
    }

    private static FakeTurn Turn(string? model) => new(Sample.Session(model, mode: PermissionMode.Ask), [Sample.User("Go.")]);

    private void Hear(string frame) => _protocol.Hear(JsonElement.Parse(frame), _steps);

    /// <summary>What it was told since; a turn that is over is told too.</summary>
    private List<string> Said() =>
        [.. Steps().Select(s => s switch
        {
            AgentStep.Send sent => $"{sent.Frame["method"]} {sent.Frame["params"]?["modelId"]}".TrimEnd(),
            AgentStep.Over over => $"over: {over.Failure?.Message}",
            _ => "",
        }).Where(s => s.Length > 0)];

    private List<AgentStep> Steps()
    {
        var steps = new List<AgentStep>();
        while (_steps.Take() is { } step)
            steps.Add(step);
        return steps;
    }
}
