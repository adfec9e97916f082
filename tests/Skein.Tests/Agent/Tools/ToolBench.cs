using System.Diagnostics.CodeAnalysis;
using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Agent.Tools;
using Skein.Sandbox;
using Skein.Testing;

namespace Skein.Tests.Agent.Tools;

/// <summary>A workspace in a temporary folder and the built-in tools; beside it lies a folder that is outside.</summary>
[UnsupportedOSPlatform("windows")]
public abstract class ToolBench : IDisposable
{
    private readonly string _root = RealPath.Of(Directory.CreateTempSubdirectory("skein-").FullName);

    protected ToolBench()
    {
        Directory.CreateDirectory(Workspace);
        Directory.CreateDirectory(Outside);
    }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected string Workspace => Path.Combine(_root, "work");

    protected string Outside => Path.Combine(_root, "outside");

    protected ToolSettings Settings { get; set; } = new(new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["GIVEN"] = "yes" }, TimeProvider.System);

    protected FakeTurn Turn { get; set; } = new(Sample.Session(null), []);

    /// <summary>What the tools keep between calls: one session's.</summary>
    protected Workbench Bench { get; } = new();

    public void Dispose()
    {
        Bench.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Directory.Delete(_root, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string At(string path) => Path.Combine(Workspace, path);

    protected string Put(string path, string content)
    {
        var full = At(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
        return full;
    }

    protected ITool Tool(string name) => BuiltInTools.All(Settings).Single(tool => tool.Name == name);

    protected async Task<ToolIntent> DescribeAsync(string tool, JsonObject arguments) =>
        await Tool(tool).DescribeAsync(Json(arguments), Context(), Cancellation);

    protected Task<ToolOutput> RunAsync(string tool, JsonObject arguments) => RunUntilAsync(tool, arguments, Cancellation);

    protected Task<ToolOutput> RunUntilAsync(string tool, JsonObject arguments, CancellationToken cancellationToken) =>
        Tool(tool).RunAsync(Json(arguments), Context(), cancellationToken);

    protected async Task<string> TextAsync(string tool, JsonObject arguments) => (await RunAsync(tool, arguments)).Text;

    /// <summary>What the model reads of a call that cannot be done.</summary>
    protected async Task<string> RefusedAsync(string tool, JsonObject arguments) =>
        (await Assert.ThrowsAsync<ToolInputException>(() => RunAsync(tool, arguments))).Message;

    [SuppressMessage("Performance", "CA1822", Justification = "Reads as a part of the bench.")]
    protected JsonElement Json(JsonObject arguments) => JsonElement.Parse(arguments.ToJsonString());

    protected ToolContext Context() => new(Workspace, Turn) { Bench = Bench };
}
