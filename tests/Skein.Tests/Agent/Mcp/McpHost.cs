using Skein.Agent.Mcp;
using Skein.Agent.Providers;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Sandbox;
using Skein.Sandbox.Confining;
using Skein.Testing;
using Skein.Tests.Agent.Loop;

namespace Skein.Tests.Agent.Mcp;

/// <summary>A folder whose agent has servers of MCP: real programs over their pipes. Needs node.</summary>
internal sealed class McpHost : IAsyncDisposable
{
    public McpHost(TimeProvider? time = null)
    {
        Requires.Programs("node");
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["SEEN"] = "by all" };
        Tooling = new ToolSettings(environment, time ?? TimeProvider.System) { Confine = (_, _) => ValueTask.FromResult(Confinement) };
        Servers = Again();
    }

    public TempFolder Folder { get; } = new();

    /// <summary>The servers that count.</summary>
    public List<McpServer> Configured { get; } = [];

    public Confinement Confinement { get; set; } = Confinement.Off;

    public ToolSettings Tooling { get; }

    public McpServers Servers { get; }

    public static McpServer Server(string name) => new(
        name, McpStandIn.Command, new Dictionary<string, string>(), null, new Dictionary<string, string>(), null, McpServer.DefaultTimeoutSeconds);

    public static ScriptStep Call(string tool, string arguments = "{}") => new([new ScriptCall(tool, Sample.Json(arguments))]);

    public void Configure(string name) => Configured.Add(Server(name));

    /// <summary>Those of another process: what is known it knows from the disk.</summary>
    public McpServers Again() => new(
        (_, _) => Task.FromResult(new McpServerSet(Configured, [])), Folder.Below("home"), Tooling, new Dictionary<string, string> { ["geese"] = "honk-honk" });

    public Session Session() => Sample.Session(Looped.Model, RealPath.Of(Folder.Path));

    /// <summary>What the calls of a turn answer.</summary>
    public async Task<ToolResultPart[]> ResultsAsync(params ScriptStep[] steps)
    {
        var looped = new Looped([.. steps, Looped.Say("Done.")]) { Extend = Servers.ExtendAsync };
        var record = await looped.RunAsync(new FakeTurn(Session(), [Sample.User("Go.")]));
        Assert.Null(record.Failure);
        return [.. record.Messages.SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>()];
    }

    public async ValueTask DisposeAsync()
    {
        await Servers.DisposeAsync();
        Folder.Dispose();
    }
}
