using System.Text;
using System.Text.Json;
using Skein.Core;

namespace Skein.Agent.Tools;

/// <summary>Keeps the list of what is to be done. It is in the log as the calls that made it, so that it is there after a restart too.</summary>
internal sealed class TodoTool : ITool
{
    private const int MostItems = 100;
    private const int MostCharacters = 500;

    public string Name => "todo";

    public string Description { get; } = ToolTexts.Description("todo");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "items": {
              "type": "array", "minItems": 1, "maxItems": 100,
              "description": "The whole list, in its order; it replaces the one there is. Without it the list is shown.",
              "items": {
                "type": "object",
                "properties": {
                  "text": { "type": "string", "minLength": 1, "description": "What is to be done, in a few words." },
                  "state": { "type": "string", "enum": ["open", "doing", "done"] }
                },
                "required": ["text", "state"],
                "additionalProperties": false
              }
            }
          },
          "additionalProperties": false
        }
        """);

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var items = Parse(arguments);
        return ValueTask.FromResult(new ToolIntent(ToolEffect.Read, Name, items is null ? "todo" : $"todo {Counted(items)}"));
    }

    public Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        if (Parse(arguments) is { } items)
            context.Bench.Todos = items;
        var list = context.Bench.Todos ??= Last(context.Turn.Messages) ?? [];
        return Task.FromResult(new ToolOutput(Written(list), Metadata: ToolTexts.Metadata(("items", list.Count), ("done", list.Count(static i => i.State == TodoState.Done)))));
    }

    private List<Todo>? Last(IReadOnlyList<Message> messages)
    {
        for (var i = messages.Count - 1; i >= 0; i--)
        {
            var parts = messages[i].Parts.Select(static p => p.Content).ToList();
            foreach (var call in parts.OfType<ToolCallPart>().Reverse().Where(c => c.Tool == Name && parts.OfType<ToolResultPart>().Any(r => r.CallId == c.CallId && !r.IsError)))
            {
                if (Parse(call.Arguments) is { } items)
                    return items;
            }
        }

        return null;
    }

    private static string Written(IReadOnlyList<Todo> items)
    {
        if (items.Count == 0)
            return "The list is empty.";

        var text = new StringBuilder();
        foreach (var item in items)
            text.Append(null, $"{item.State switch { TodoState.Done => "☑", TodoState.Doing => "▶", _ => "☐" }} {item.Text}\n");
        return text.ToString();
    }

    private static string Counted(List<Todo> items) => $"{items.Count(static i => i.State == TodoState.Done)} of {items.Count} done";

    private List<Todo>? Parse(JsonElement json) =>
        new ToolArguments(Name, json, "items").OptionalList("items", MostItems)?.Select(static item =>
        {
            var arguments = new ToolArguments("todo", item, "text", "state");
            var text = ToolTexts.OneLine(arguments.Text("text").Trim(), MostCharacters);
            if (text.Length == 0)
                throw new ToolInputException("'text' of an item must not be empty.");
            return new Todo(text, arguments.Text("state") switch
            {
                "open" => TodoState.Open,
                "doing" => TodoState.Doing,
                "done" => TodoState.Done,
                var other => throw new ToolInputException($"'state' of an item must be open, doing or done, not '{ToolTexts.OneLine(other, 40)}'."),
            });
        }).ToList();
}

/// <summary>Something to be done.</summary>
internal sealed record Todo(string Text, TodoState State);

internal enum TodoState
{
    Open,
    Doing,
    Done,
}
