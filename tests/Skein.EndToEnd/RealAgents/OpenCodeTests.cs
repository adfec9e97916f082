using System.Text.Json;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.EndToEnd.RealAgents;

/// <summary>OpenCode, over ACP.</summary>
public sealed class OpenCodeTests() : RealAgentTests("opencode", Path.Combine(Requires.Npm("opencode-linux-x64"), "bin", "opencode"))
{
    protected override string Keeps => ".local/share/opencode";

    protected override (string First, string Second) Models => ("pond/grey", "pond/snow");

    protected override void SetUp(User user, ModelServer model)
    {
        foreach (var what in new[] { "MODELS_FETCH", "AUTOUPDATE", "LSP_DOWNLOAD", "DEFAULT_PLUGINS", "SHARE" })
            user.Variables[$"OPENCODE_DISABLE_{what}"] = "1";
        var settings = new
        {
            provider = new
            {
                pond = new { npm = "@ai-sdk/openai-compatible", name = "Pond", options = new { baseURL = model.OpenAiAddress, apiKey = "sk-loopback" }, models = new { grey = Limits("Grey"), snow = Limits("Snow") } },
            },
            model = Models.First,
            permission = new { edit = "ask", bash = "ask" },
        };
        var folder = Directory.CreateDirectory(Path.Combine(user.OwnFolder, ".config", "opencode"));
        File.WriteAllText(Path.Combine(folder.FullName, "opencode.json"), JsonSerializer.Serialize(settings));

        static object Limits(string name) => new { name, tool_call = true, limit = new { context = 100_000, output = 4096 } };
    }

    [Fact(Timeout = 180_000)]
    public async Task Its_todo_list_is_a_plan()
    {
        Says(Call("todowrite", new { todos = new[] { new { content = "Find the pond", status = "in_progress", priority = "high" }, new { content = "Swim", status = "pending", priority = "low" } } }));
        Says(new Said("Done."));
        var events = await GoodTurnAsync("Go.");

        Assert.Equal([new PlanStep("Find the pond", PlanStepStatus.InProgress), new PlanStep("Swim", PlanStepStatus.Pending)], PlanOf(events));
    }

    protected override string TooLong => "This model's maximum context length is 100000 tokens, however you requested 110000 tokens.";

    protected override Called Write(string path, string content) => Call("write", new { filePath = path, content });

    protected override Called Run(string command) => Call("bash", new { command, description = "Waits" });

    protected override RefusedAnswer Refuse(int status, string message) => RefusedAnswer.OpenAi(status, "error", message, ("retry-after-ms", "1"));

    protected override string WireName(string model) => model["pond/".Length..];
}
