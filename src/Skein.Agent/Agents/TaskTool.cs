using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Agents;

namespace Skein.Agent.Agents;

/// <summary>Has work done by another agent. It changes nothing itself: what the other one does is decided in its own session.</summary>
/// <param name="agents">Who can be named, beside the session's own agent.</param>
internal sealed class TaskTool(IReadOnlyList<AgentFile> agents) : ITool
{
    private const int LongestTitle = 100;

    public string Name => "task";

    public string Description { get; } = Describe(agents);

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "title": { "type": "string", "minLength": 1, "maxLength": 100, "description": "What it is about, in three to seven words." },
            "prompt": { "type": "string", "minLength": 1, "description": "All that the agent has to know, and what it is to answer." },
            "agent": { "type": "string", "description": "Who does it. Default: an agent like you." }
          },
          "required": ["title", "prompt"],
          "additionalProperties": false
        }
        """);

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var request = Parse(arguments);
        return ValueTask.FromResult(new ToolIntent(
            ToolEffect.Read, request.Agent ?? context.Turn.Session.Agent, $"task {(request.Agent is { } agent ? $"{agent}: " : "")}{request.Title}", request.Prompt, Delegates: true));
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var request = Parse(arguments);
        var left = context.Budget?.Meter.Left;
        if (left <= 0)
            throw new ToolInputException("Nothing is left of what this turn may cost, so no other agent can be asked.");

        var meter = new CostMeter(null, context.Budget?.Meter);
        SubAgentResult result;
        try
        {
            result = await context.Turn.RunSubAgentAsync(request with { MaxCost = left, Key = context.Call, Meter = meter }, cancellationToken);
            // A driven agent tells what it cost when it has ended.
            meter.Spend(Math.Max(0, result.Cost - meter.Spent));
        }
        catch (SkeinException e)
        {
            throw new ToolInputException(e.Message);
        }

        var text = result.Problem is null
            ? result.Answer.Length > 0 ? result.Answer : "(The agent ended without saying anything.)"
            : $"The agent did not come to its end: {result.Problem}{(result.Answer.Length > 0 ? $"\nIt said last:\n{result.Answer}" : "")}";
        return new ToolOutput(text, IsError: result.Problem is not null, Metadata: Metadata(result));
    }

    private static JsonElement Metadata(SubAgentResult result) => JsonElement.Parse(new JsonObject
    {
        ["session"] = result.Session.Value,
        ["agent"] = result.Agent,
        ["input"] = result.Usage.Input + result.Usage.CacheRead + result.Usage.CacheWrite,
        ["output"] = result.Usage.Output + result.Usage.Reasoning,
        ["cost"] = result.Cost,
    }.ToJsonString());

    private SubAgentRequest Parse(JsonElement json)
    {
        var arguments = new ToolArguments(Name, json, "title", "prompt", "agent");
        var (title, prompt) = (arguments.Text("title").ReplaceLineEndings(" ").Trim(), arguments.Text("prompt"));
        if (title.Length is 0 or > LongestTitle)
            throw new ToolInputException($"'title' must have 1 to {LongestTitle} characters, not {title.Length}.");
        if (string.IsNullOrWhiteSpace(prompt))
            throw new ToolInputException("'prompt' must say what is to be done.");
        return new SubAgentRequest(arguments.OptionalText("agent"), title, prompt);
    }

    private static string Describe(IReadOnlyList<AgentFile> agents)
    {
        var text = new StringBuilder(ToolTexts.Description("task"));
        if (agents.Count > 0)
            text.Append("\n\nAgents that can be named:\n");
        foreach (var agent in agents)
            text.Append("- ").Append(agent.Name).Append(": ").Append(agent.Description).Append('\n');
        return text.ToString();
    }
}
