using System.Diagnostics;
using System.Globalization;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.EndToEnd.RealAgents;

/// <summary>Codex, over its app-server.</summary>
public sealed class CodexTests() : RealAgentTests("codex", Path.Combine(Requires.Npm("@openai/codex-linux-x64"), "vendor", "x86_64-unknown-linux-musl", "bin", "codex"))
{
    protected override string Keeps => ".codex/sessions";

    protected override (string First, string Second) Models => ("pond-grey", "pond-snow");

    protected override string TooLong => "Your input exceeds the context window of this model. Please adjust your input and try again.";

    [Fact(Timeout = 180_000)]
    public async Task A_compaction_is_told_and_it_goes_on_with_the_summary()
    {
        var settings = Path.Combine(User.OwnFolder, ".codex", "config.toml");
        await File.WriteAllTextAsync(settings, "model_auto_compact_token_limit = 20000\n" + await File.ReadAllTextAsync(settings, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        Says(new StreamedAnswer(new Said("I will.")) { Tokens = new AnswerTokens(30_000, 5) });
        await GoodTurnAsync("Remember the pond.");
        Says(new Said("On."));
        var next = await GoodTurnAsync("Go on.");

        Assert.Single(All<AgentCompacted>(next));
        Assert.Contains("On.", TextsOf(next));
        Assert.Contains(Beside, LastToldModel, StringComparison.Ordinal);
    }

    [Fact(Timeout = 180_000)]
    public async Task What_it_is_told_more_while_it_starts_is_told_to_its_turn()
    {
        foreach (var said in new[] { "One.", "Two.", "Three." })
            Says(new Said(said));
        var after = await PromptAsync("Mind the pond.");
        await Api.PromptAsync(Id, new PromptRequest("And mind the fox.", When: WhenBusy.Steer), Cancellation);
        var events = await UntilEndAsync(after);

        Assert.IsType<TurnCompleted>(events[^1].Body);
        Assert.Single(All<PromptSteered>(events));
        Assert.Contains("Mind the pond.", LastToldModel, StringComparison.Ordinal);
        Assert.Contains("And mind the fox.", LastToldModel, StringComparison.Ordinal);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_command_that_outlives_its_turn_is_told_as_running_and_what_it_changes_later_is_kept_with_the_turn_in_which_it_does()
    {
        var (go, done) = (Path.Combine(User.OwnFolder, "go"), Path.Combine(User.Project, "pond.txt"));
        Says(Outside($"until [ -e {go} ]; do sleep 0.1; done; echo geese > {done}.new; mv {done}.new {done}", 300));
        Says(new Said("It runs."));
        var events = await GoodTurnAsync("Begin.", PermissionAnswer.Once);
        Says(Outside($"touch {go}; until [ -e {done} ]; do sleep 0.1; done", 30_000));
        Says(new Said("It is over."));
        var next = await GoodTurnAsync("And now?", PermissionAnswer.Once);

        var result = Assert.Single(All<PartAdded>(events).Select(p => p.Content).OfType<ToolResultPart>());
        Assert.Equal(("[It still runs in the background.]", false), (result.Output, result.IsError));
        Assert.DoesNotContain(result.CallId, All<ToolStarted>(next).Select(s => s.CallId));
        Assert.Contains(All<AgentReported>(next), r => r.Frame is { } frame && frame.GetRawText().Contains($"\"id\":\"{result.CallId}\"", StringComparison.Ordinal));
        Assert.NotEqual(All<FilesCheckpointed>(next).First().Tree, All<FilesCheckpointed>(next).Last().Tree);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_command_that_has_run_for_a_while_is_ended_by_an_interrupt()
    {
        Says(Outside("echo $$ > begun.new && sleep 2 && mv begun.new begun && exec tail -f /dev/null", 30_000));
        using var begun = new Appearance(User.Project, "begun");
        var running = await PromptAsync("Wait.");
        await AnswerAsync(running, PermissionAnswer.Once);
        await begun.Seen.WaitAsync(Cancellation);
        using var command = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(PathOf("begun"), Cancellation), CultureInfo.InvariantCulture));
        await InterruptAsync();

        await command.WaitForExitAsync(Cancellation);
        Says(new Said("On."));
        await GoodTurnAsync("Go on.");
    }

    protected override void SetUp(User user, ModelServer model)
    {
        user.Variables["OPENAI_API_KEY"] = "sk-loopback";
        user.Variables["CODEX_HOME"] = null;
        var folder = Directory.CreateDirectory(Path.Combine(user.OwnFolder, ".codex"));
        File.WriteAllText(Path.Combine(folder.FullName, "config.toml"), $"""
            model = "{Models.First}"
            model_provider = "pond"
            [model_providers.pond]
            name = "Pond"
            base_url = "{model.OpenAiAddress}"
            env_key = "OPENAI_API_KEY"
            wire_api = "responses"
            request_max_retries = 1
            stream_max_retries = 1
            """);
    }

    // Models that it does not know have its shell alone, which applies patches.
    protected override Called Write(string path, string content) =>
        Shell(new { cmd = $"apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: {path}\n{string.Concat(content.TrimEnd('\n').Split('\n').Select(l => $"+{l}\n"))}*** End Patch\nEOF" });

    protected override Called Run(string command) => Outside(command, 30_000);

    protected override RefusedAnswer Refuse(int status, string message) => RefusedAnswer.OpenAi(status, "error", message);

    // Out of its sandbox, which does not work below the temporary folder.
    private static Called Outside(string command, int waits) =>
        Shell(new { cmd = command, sandbox_permissions = "require_escalated", justification = "It has to be seen from outside.", yield_time_ms = waits });

    private static Called Shell(object arguments) => Call("exec_command", arguments);
}
