using Skein.Adapters.Acp;
using Skein.Adapters.Claude;
using Skein.Adapters.Codex;
using Skein.Adapters.Driving;

namespace Skein.Adapters;

/// <summary>The agents that need no settings, once their programs are installed.</summary>
public static class KnownAgents
{
    private const string AcpPrefix = "acp:";

    public static IReadOnlyList<DrivableAgent> All { get; } =
    [
        new("claude", Claude, time => new ClaudeProtocol("claude", time)) { Abilities = ["model", "resume", "fork", "import"] },
        new("codex", new AgentCommand("codex", ["app-server"], ["CODEX_*", "OPENAI_*"]), time => new CodexProtocol("codex", time))
        {
            Abilities = ["model", "resume", "fork", "steer", "import"],
        },
        Acp("opencode", ["opencode", "acp"], ["OPENCODE_*", "ANTHROPIC_*", "OPENAI_*", "OPENROUTER_API_KEY", "GEMINI_API_KEY", "GROQ_API_KEY"]) with { Abilities = ["model", "resume", "fork", "import"] },
        Acp("gemini", ["gemini", "--acp"], ["GEMINI_*", "GOOGLE_*"]) with { Abilities = ["model"] },
        Acp("qwen", ["qwen", "--acp"], ["QWEN_*", "OPENAI_*", "DASHSCOPE_API_KEY"]),
        Acp("goose", ["goose", "acp"], ["GOOSE_*", "ANTHROPIC_*", "OPENAI_*", "GOOGLE_API_KEY"]),
        Acp("nanocoder", ["nanocoder", "--acp"], ["NANOCODER_*", "OPENAI_*", "OPENROUTER_API_KEY"]),
    ];

    /// <summary>Whether a name is one of these, or says how an agent is started.</summary>
    public static bool Has(string name) => All.Any(a => a.Name == name) || Spelled(name) is not null;

    /// <summary>Whether an agent of this name, which may be none of these, can be told more in a turn as far as is known.</summary>
    public static bool MaySteer(string name) => (All.FirstOrDefault(a => a.Name == name) ?? Spelled(name))?.Protocol(TimeProvider.System).CanSteer ?? true;

    // It is never told to ask nobody; questions of more than yes or no have no answer here.
    private static AgentCommand Claude => new(
        "claude",
        [
            "-p", "--output-format", "stream-json", "--input-format", "stream-json", "--verbose", "--include-partial-messages", "--replay-user-messages",
            "--permission-prompt-tool", "stdio", "--disallowedTools", "AskUserQuestion",
        ],
        ["ANTHROPIC_*", "CLAUDE_*", "DISABLE_*"])
    {
        Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["DISABLE_AUTOUPDATER"] = "1" },
    };

    /// <summary>An agent that speaks ACP.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="variables">As <see cref="AgentCommand.Variables"/>.</param>
    public static DrivableAgent Acp(string name, IReadOnlyList<string> command, IReadOnlyList<string> variables) =>
        new(name, new AgentCommand(command[0], [.. command.Skip(1)], variables), time => new AcpProtocol(name, time));

    /// <summary>The agent of a name such as <c>acp:goose acp</c>; null: the name is none of these.</summary>
    internal static DrivableAgent? Spelled(string name) =>
        name.StartsWith(AcpPrefix, StringComparison.Ordinal) && AgentCommand.Split(name[AcpPrefix.Length..]) is { Count: > 0 } command
            ? Acp(name, command, All.FirstOrDefault(a => a.Command.Program == Path.GetFileName(command[0]))?.Command.Variables ?? [])
            : null;
}
