using System.Text.Json;
using Skein.Agent.Tools;

namespace Skein.Tests.Agent;

/// <summary>A tool that does what the test says.</summary>
internal sealed class FuncTool(string name, Func<JsonElement, CancellationToken, Task<ToolOutput>> run, ToolEffect effect = ToolEffect.Read) : ITool
{
    public FuncTool(string name, string output, ToolEffect effect = ToolEffect.Read) : this(name, (_, _) => Task.FromResult(new ToolOutput(output)), effect) { }

    public string Name => name;
    public string Description => $"Does {name}.";
    public JsonElement Parameters { get; } = JsonElement.Parse("""{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}""");

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new ToolIntent(effect, "subject", $"{name} it", "in detail"));

    public Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken) => run(arguments, cancellationToken);
}
