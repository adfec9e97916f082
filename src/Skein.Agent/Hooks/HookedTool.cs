using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Agent.Tools;

namespace Skein.Agent.Hooks;

/// <summary>A tool that hooks are told of before and after it is used. Made for one turn.</summary>
internal sealed class HookedTool(ITool tool, HookRunner hooks) : ITool
{
    // By the arguments: what was said before a call belongs to its result. Calls that are the same share it.
    private readonly ConcurrentDictionary<string, (ToolIntent Intent, string Context)> _before = new(StringComparer.Ordinal);

    public string Name => tool.Name;
    public string Description => tool.Description;
    public JsonElement Parameters => tool.Parameters;

    public async ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var intent = await tool.DescribeAsync(arguments, context, cancellationToken);
        var outcome = await hooks.RunAsync(context.Turn.Session, HookEvent.BeforeTool, Name, e => Tell(e, context, arguments, intent), cancellationToken);
        if (outcome.Denied is { } why)
            throw new ToolInputException(why);

        _before[arguments.GetRawText()] = (intent, outcome.Context);
        return outcome.Asks is { } reason ? intent with { AskFirst = true, Detail = $"{reason}\n\n{intent.Detail}".Trim() } : intent;
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var output = await tool.RunAsync(arguments, context, cancellationToken);
        var (intent, added) = _before[arguments.GetRawText()];
        HookEvent[] events = intent.Effect == ToolEffect.Edit && !output.IsError ? [HookEvent.AfterEdit, HookEvent.AfterTool] : [HookEvent.AfterTool];
        try
        {
            foreach (var on in events)
            {
                var outcome = await hooks.RunAsync(context.Turn.Session, on, Name, e => Tell(e, context, arguments, intent, output), cancellationToken);
                if (outcome.Denied is { } why)
                    throw new ToolInputException($"It was done, but what came of it is withheld. {why}");
                added = $"{added}\n{outcome.Context}".Trim();
            }
        }
        catch
        {
            if (output.Whole is { } whole)
                await whole.DisposeAsync();
            throw;
        }

        return added.Length == 0 ? output : output with { Text = $"{output.Text}\n\n[Hooks say]\n{added}" };
    }

    private void Tell(JsonObject e, ToolContext context, JsonElement arguments, ToolIntent intent, ToolOutput? output = null)
    {
        e["turn"] = context.Turn.Id.Value;
        e["tool"] = Name;
        e["arguments"] = JsonNode.Parse(arguments.GetRawText());
        e["effect"] = intent.Effect.ToString().ToLowerInvariant();
        e["subject"] = intent.Subject;
        if (output is null)
            return;
        e["output"] = output.Text;
        e["is_error"] = output.IsError;
    }
}
