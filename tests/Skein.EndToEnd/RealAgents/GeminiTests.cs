using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd.RealAgents;

/// <summary>Gemini CLI, over ACP.</summary>
public sealed class GeminiTests() : RealAgentTests("gemini", Path.Combine(Requires.Npm("@google/gemini-cli"), "..", "..", ".bin", "gemini"))
{
    protected override bool ForksItself => false;

    protected override bool ResumesItself => false;

    protected override string? Summarises() => null;

    protected override string Keeps => ".gemini/tmp";

    protected override (string First, string Second) Models => ("gemini-2.5-pro", "gemini-3-flash-preview");

    protected override void SetUp(User user, ModelServer model)
    {
        Requires.Programs("node");
        user.Variables["GEMINI_API_KEY"] = "loopback";
        user.Variables["GOOGLE_GEMINI_BASE_URL"] = model.Address;
        user.Variables["GEMINI_TELEMETRY_ENABLED"] = "false";
        var settings = new
        {
            security = new { auth = new { selectedType = "gemini-api-key" }, folderTrust = new { enabled = false } },
            privacy = new { usageStatisticsEnabled = false },
            general = new { maxAttempts = 1, enableAutoUpdate = false, enableAutoUpdateNotification = false },
        };
        var folder = Directory.CreateDirectory(Path.Combine(user.OwnFolder, ".gemini"));
        File.WriteAllText(Path.Combine(folder.FullName, "settings.json"), JsonSerializer.Serialize(settings));
    }

    protected override string TooLong => "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).";

    protected override Called Write(string path, string content) => Call("write_file", new { file_path = path, content });

    protected override Called Run(string command) => Call("run_shell_command", new { command, description = "Waits" });

    protected override RefusedAnswer Refuse(int status, string message) => RefusedAnswer.Gemini(status, status switch
    {
        401 => "UNAUTHENTICATED",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        _ => "INVALID_ARGUMENT",
    }, message);
}
