// Skein as a library: a store in a folder, an agent with a tool of one's own, and the events of what it does.
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Agent.Tools;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Store;

var (time, by, stop) = (TimeProvider.System, new Cause("embed"), CancellationToken.None);
var folder = Directory.CreateTempSubdirectory("skein-embed-").FullName;

// A script plays the model, so that this runs without a key; name a model as anthropic/… or ollama/… to ask a real one.
var script = Script.Parse("""{"steps":[{"parts":[{"type":"call","tool":"geese","arguments":{"pond":"north"}}]},{"parts":[{"type":"text","text":"Seven geese."}]}]}""", "geese");
using var models = new ModelCatalog([], Environment.GetEnvironmentVariable, new Dictionary<string, Script> { ["geese"] = script }, time);
var gate = new ToolGate((_, _, _, _) => ValueTask.FromResult(ToolVerdict.Allowed), (_, _, _, _) => ValueTask.CompletedTask);
var agent = SkeinAgent.Kind(models, new Toolbox([new GeeseTool()], gate), time);

await using (var store = await EmbeddedStore.OpenAsync(Path.Combine(folder, "home"), new EmbeddedStoreOptions(), time, stop))
await using (var sessions = new Sessions(
    store, new AgentKinds([agent]), new SessionsOptions(agent.Name, "scripted/geese", PermissionMode.Ask, "here"), time, NullLogger.Instance))
{
    var session = (await sessions.CreateAsync(new NewSession(folder), by, stop)).Session.Id;
    await sessions.PromptAsync(session, new PromptRequest("How many geese are on the north pond?"), by, stop);
    await foreach (var frame in sessions.FollowAsync(session, 0, stop))
    {
        if (frame is EventFrame { Event: var e })
            Console.WriteLine(e.Body is PartAdded { Content: var part } ? $"{e.Seq} {part}" : $"{e.Seq} {e.Type}");
        if (frame is EventFrame { Event.Body: TurnCompleted or TurnFailed })
            break;
    }
}

Directory.Delete(folder, recursive: true);

internal sealed class GeeseTool : ITool
{
    public string Name => "geese";
    public string Description => "Counts the geese on a pond.";
    public JsonElement Parameters { get; } = JsonElement.Parse("""{"type":"object","properties":{"pond":{"type":"string"}},"required":["pond"]}""");

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new ToolIntent(ToolEffect.Read, "geese", "count the geese"));

    public Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken) =>
        Task.FromResult(new ToolOutput($"7 geese on the {arguments.GetProperty("pond").GetString()} pond"));
}
