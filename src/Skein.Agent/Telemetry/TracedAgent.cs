using System.Diagnostics;
using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Agent.Telemetry;

/// <summary>Any agent, whose turns and tools are traced by what it tells of them.</summary>
internal sealed class TracedAgent(IAgent agent, string name, AgentTelemetry telemetry) : IAgent
{
    public bool CanSteer => agent.CanSteer;

    public bool TellsFirst => agent.TellsFirst;

    public bool CanCompact => agent.CanCompact;

    public bool IsBusy => agent.IsBusy;

    public bool RanBeside => agent.RanBeside;

    public async IAsyncEnumerable<AgentOutput> RunTurnAsync(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var span = telemetry.Start("invoke_agent", name, ActivityKind.Internal);
        span?.SetTag("gen_ai.agent.name", name).SetTag("gen_ai.conversation.id", turn.Session.Id.Value).SetTag("gen_ai.request.model", turn.Session.Model);
        var tools = new Dictionary<string, Activity?>(StringComparer.Ordinal);
        var calls = new Dictionary<string, ToolCallPart>(StringComparer.Ordinal);
        var isOver = false;
        await using var outputs = agent.RunTurnAsync(turn, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            while (true)
            {
                // Every step of an iterator runs in its caller's context: what is begun in it belongs to the turn.
                Activity.Current = span;
                if (!await outputs.MoveNextAsync())
                    break;
                if (span is not null)
                    Note(outputs.Current, span, tools, calls);
                yield return outputs.Current;
            }

            isOver = true;
        }
        finally
        {
            foreach (var left in tools.Values)
                left?.Dispose();
            if (!isOver)
                AgentTelemetry.Fail(span, "interrupted", null);
        }
    }

    public ValueTask DisposeAsync() => agent.DisposeAsync();

    private void Note(AgentOutput output, Activity span, Dictionary<string, Activity?> tools, Dictionary<string, ToolCallPart> calls)
    {
        if (output is TurnFailure failure)
            AgentTelemetry.Fail(span, AgentTelemetry.Word(failure.Kind), telemetry.TellsContent ? failure.Message : null);
        foreach (var body in (output as AgentEvents)?.Bodies ?? [])
        {
            switch (body)
            {
                case PartAdded { Content: ToolCallPart call } when telemetry.TellsContent:
                    calls[call.CallId] = call;
                    break;
                case ModelRetried retried:
                    span.AddEvent(new ActivityEvent("skein.model.retried", tags: new() { ["error.type"] = AgentTelemetry.Word(retried.Kind), ["skein.delay_ms"] = retried.DelayMs }));
                    break;
                case ToolStarted started:
                    var tool = telemetry.Start("execute_tool", started.Tool, ActivityKind.Internal, span.Context);
                    tool?.SetTag("gen_ai.tool.name", started.Tool).SetTag("gen_ai.tool.call.id", started.CallId).SetTag("gen_ai.tool.type", "function");
                    if (calls.Remove(started.CallId, out var given))
                        tool?.SetTag("gen_ai.tool.call.arguments", given.Arguments.GetRawText());
                    tools[started.CallId] = tool;
                    break;
                case ToolFinished finished when tools.Remove(finished.CallId, out var begun):
                    if (finished.IsError)
                        AgentTelemetry.Fail(begun, "tool_error", null);
                    begun?.Dispose();
                    break;
            }
        }
    }
}
