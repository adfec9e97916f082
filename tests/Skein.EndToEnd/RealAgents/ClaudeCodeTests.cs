using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd.RealAgents;

/// <summary>Claude Code, over its stream of JSON.</summary>
public sealed class ClaudeCodeTests() : RealAgentTests("claude", Path.Combine(Requires.Npm("@anthropic-ai/claude-code-linux-x64"), "claude"))
{
    protected override (string First, string Second) Models => ("claude-sonnet-4-5", "claude-opus-4-5");

    protected override void SetUp(User user, ModelServer model)
    {
        user.Variables["ANTHROPIC_BASE_URL"] = model.Address;
        user.Variables["ANTHROPIC_API_KEY"] = "sk-loopback";
        user.Variables["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1";
        user.Variables["DISABLE_TELEMETRY"] = "1";
        user.Variables["CLAUDE_CODE_MAX_RETRIES"] = "1";
    }

    protected override Called Write(string path, string content) => new(CallId(), "Write", JsonSerializer.Serialize(new { file_path = path, content }));

    protected override Called Run(string command) => new(CallId(), "Bash", JsonSerializer.Serialize(new { command, description = "Waits" }));

    protected override RefusedAnswer Refuse(int status, string message) => RefusedAnswer.Anthropic(status, status switch
    {
        401 => "authentication_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "invalid_request_error",
    }, message);
}
