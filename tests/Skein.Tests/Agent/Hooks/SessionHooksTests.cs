using System.Text.Json;
using Skein.Agent.Hooks;
using Skein.Agent.Settings;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Running;
using Skein.Sandbox.Confining;
using Skein.Testing;
using Skein.Tests.Agent.Loop;

namespace Skein.Tests.Agent.Hooks;

/// <summary>Programs that are told of prompts, tools and turns: real ones.</summary>
public sealed class SessionHooksTests : IDisposable
{
    private const string Deny = """echo '{"decision":"deny","reason":"No geese."}'""";

    private readonly TempFolder _folder = new();
    private readonly List<Hook> _hooks = [];
    private readonly List<string> _done = [];
    private Confinement _confinement = Confinement.Unavailable("for the test");
    private SettingsException? _broken;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_driven_agent_s_turn_hands_on_all_that_a_turn_has()
    {
        // What has a default would be lost without a word.
        var own = typeof(HookedTurn).GetInterfaceMap(typeof(ITurn)).TargetMethods;

        Assert.All(own, m => Assert.Equal(typeof(HookedTurn), m.DeclaringType));
    }

    [Fact]
    public async Task A_tool_s_hooks_are_told_what_is_done_and_add_to_its_result()
    {
        Hook(HookEvent.BeforeTool, """cat > before.json; echo '{"context":"Mind the geese."}'""");
        Hook(HookEvent.AfterTool, """cat > after.json; echo '{"context":"They were minded."}'""");

        var result = await CallAsync();

        Assert.Equal("Honk.\n\n[Hooks say]\nMind the geese.\nThey were minded.", result.Output);
        Assert.False(result.IsError);
        var (before, after) = (Written("before.json"), Written("after.json"));
        Assert.Equal(("before_tool", "honk", "execute", "subject"), (Text(before, "event"), Text(before, "tool"), Text(before, "effect"), Text(before, "subject")));
        Assert.Equal(7, before.GetProperty("arguments").GetProperty("times").GetInt32());
        Assert.Equal(("after_tool", "Honk."), (Text(after, "event"), Text(after, "output")));
        Assert.False(before.TryGetProperty("output", out _));
    }

    [Theory]
    [InlineData(Deny, "forbids this: No geese.")]
    [InlineData("echo bad >&2; exit 3", "failed, and so this is forbidden: exit code 3: bad")]
    [InlineData("kill -9 $$", "failed, and so this is forbidden: exit code 137")]
    [InlineData("echo fine", "failed, and so this is forbidden: what it printed is no JSON")]
    [InlineData("""echo '["allow"]'""", "failed, and so this is forbidden: it must print nothing, or one JSON object")]
    [InlineData("""echo '{"decision":"allow"}'""", "failed, and so this is forbidden: 'decision': 'allow' is not known")]
    [InlineData("""echo '{"context":1}'""", "failed, and so this is forbidden: 'context' is no text")]
    [InlineData("head -c 300000 /dev/zero", "failed, and so this is forbidden: it printed more than 262144 bytes")]
    public async Task What_a_hook_forbids_or_fails_at_is_not_done(string script, string why)
    {
        Hook(HookEvent.BeforeTool, script);

        var result = await CallAsync();

        Assert.True(result.IsError);
        Assert.Contains(why, result.Output, StringComparison.Ordinal);
        Assert.Empty(_done);
    }

    [Theory]
    [InlineData("sleep 600")]
    [InlineData("yes")]
    [InlineData("yes >&2")]
    [InlineData("trap '' TERM INT HUP; while :; do sleep 1; done")]
    public async Task One_that_hangs_or_prints_for_ever_is_killed_and_forbids_it(string script)
    {
        Hook(HookEvent.BeforeTool, $"echo $$ > pid; {script}", seconds: 1);

        var result = await CallAsync();

        Assert.Contains("failed, and so this is forbidden: it did not end within 1 s", result.Output, StringComparison.Ordinal);
        Assert.Empty(_done);
        Assert.False(Directory.Exists($"/proc/{(await File.ReadAllTextAsync(_folder.Below("pid"), Cancellation)).Trim()}"));
    }

    [Theory]
    [InlineData("exec <&-; exit 0")]
    [InlineData("sleep 600 & exit 0")]
    [InlineData("sleep 600 >/dev/null 2>&1 & exit 0")]
    public async Task One_that_does_not_listen_or_leaves_something_behind_holds_nobody_up(string script)
    {
        Hook(HookEvent.BeforeTool, script);

        Assert.Equal("Honk.", (await CallAsync()).Output);
        Assert.Equal(["honk"], _done);
    }

    [Fact]
    public async Task One_that_may_not_be_run_forbids_it()
    {
        _hooks.Add(new Hook(HookEvent.BeforeTool, "*", [_folder.Write("hook.sh", "#!/bin/sh\n")], 30, Sandbox: false));

        Assert.Contains("hook.sh' could not be started: ", (await CallAsync()).Output, StringComparison.Ordinal);
        Assert.Empty(_done);
    }

    [Fact]
    public async Task One_that_is_not_there_and_one_without_its_sandbox_forbid_it()
    {
        _hooks.Add(new Hook(HookEvent.BeforeTool, "*", ["no-such-hook"], 30, Sandbox: false));
        Assert.Contains("no-such-hook", (await CallAsync()).Output, StringComparison.Ordinal);

        _hooks.Clear();
        Hook(HookEvent.BeforeTool, "true", sandbox: true);
        Assert.Contains("it is to run in a sandbox, and there is none: for the test", (await CallAsync()).Output, StringComparison.Ordinal);
        _confinement = Confinement.Off;
        Assert.Contains("it is to run in a sandbox, and there is none, as the settings say", (await CallAsync()).Output, StringComparison.Ordinal);
        Assert.Empty(_done);
    }

    [Fact]
    public async Task In_its_sandbox_it_sees_the_folder_and_not_what_is_outside()
    {
        Requires.Programs("bwrap", "prlimit");
        var outside = Path.Combine(Path.GetTempPath(), $"skein-hook-{Guid.NewGuid():N}");
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")! };
        var (bubblewrap, missing) = await Bubblewrap.FindAsync(environment, TimeProvider.System, Cancellation);
        Assert.True(bubblewrap is not null, missing);
        _confinement = Confinement.In(bubblewrap, new SandboxPolicy(Skein.Sandbox.RealPath.Of(_folder.Path), "/nonexistent"));
        Hook(HookEvent.BeforeTool, $"cat > told.json; touch {outside} 2>/dev/null; true", sandbox: true);

        await CallAsync();

        Assert.Equal(["honk"], _done);
        Assert.Equal("before_tool", Text(Written("told.json"), "event"));
        Assert.False(File.Exists(outside));
    }

    [Fact]
    public async Task Settings_that_cannot_be_read_forbid_it()
    {
        Hook(HookEvent.BeforeTool, "true");
        var hooks = Hooks();
        var box = await hooks.ExtendAsync(new Skein.Agent.Toolbox([Honk()], Sample.Open), Session(), Cancellation);
        _broken = new SettingsException("skein.json", null, "is not JSON.");

        await Assert.ThrowsAsync<SettingsException>(async () => await box.Tools[0].DescribeAsync(Sample.Json("{}"), new ToolContext(_folder.Path, Looped.Turn()), Cancellation));
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(async () => await hooks.OnPromptAsync(Session(), "Go.", null, Cancellation));

        Assert.Equal("Which hooks there are cannot be told, and so this is forbidden: skein.json: is not JSON.", refused.Message);
    }

    [Fact]
    public async Task One_that_asks_has_somebody_asked_whatever_is_allowed()
    {
        Hook(HookEvent.BeforeTool, """echo '{"decision":"ask","reason":"It is Sunday."}'""");
        var turn = Turn();

        var result = Assert.Single(await ResultsAsync(turn));

        var asked = Assert.Single(turn.Asked);
        Assert.EndsWith("asks: It is Sunday.\n\nin detail", asked.Detail, StringComparison.Ordinal);
        Assert.Null(asked.Pattern);
        Assert.StartsWith("The user refused this call", result.Output, StringComparison.Ordinal);
        Assert.Empty(_done);
    }

    [Fact]
    public async Task What_was_done_is_withheld_where_a_hook_after_it_forbids_or_fails()
    {
        Hook(HookEvent.AfterTool, "exit 1");

        var result = await CallAsync();

        Assert.Equal(["honk"], _done);
        Assert.True(result.IsError);
        Assert.StartsWith("It was done, but what came of it is withheld. The hook ", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Honk.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edit_has_hooks_of_its_own_and_a_name_chooses_the_tools()
    {
        Hook(HookEvent.AfterEdit, "touch edited");
        Hook(HookEvent.BeforeTool, "exit 1", tool: "other*");

        await CallAsync();
        Assert.False(File.Exists(_folder.Below("edited")));

        await ResultsAsync(Turn(), ToolEffect.Edit);
        Assert.True(File.Exists(_folder.Below("edited")));
        Assert.Equal(["honk", "honk"], _done);
    }

    [Fact]
    public async Task A_prompt_is_refused_or_added_to_and_a_session_begins_once_until_it_is_let_go()
    {
        Hook(HookEvent.SessionStart, """cat >> log; echo '{"context":"Geese fly south."}'""");
        Hook(HookEvent.Prompt, """read -r e; echo "$e" >> log; case "$e" in *duck*) echo '{"decision":"deny","reason":"No ducks."}';; esac""");
        Hook(HookEvent.SessionEnd, "cat >> log");
        var (hooks, session) = (Hooks(), Session());

        var first = await hooks.OnPromptAsync(session, "Go.", null, Cancellation);
        var second = await hooks.OnPromptAsync(session, "/go", new ExpandedPrompt("Go on."), Cancellation);
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(async () => await hooks.OnPromptAsync(session, "a duck", null, Cancellation));
        await hooks.Around(ScriptedAgent.Echo()).Open(session).DisposeAsync();

        Assert.Equal("Go.\n\n[Hooks say]\nGeese fly south.", first!.Text);
        Assert.Equal(new ExpandedPrompt("Go on."), second);
        Assert.EndsWith("forbids this: No ducks.", refused.Message, StringComparison.Ordinal);
        var events = (await File.ReadAllLinesAsync(_folder.Below("log"), Cancellation)).Select(l => JsonElement.Parse(l)).ToList();
        Assert.Equal(["session_start", "prompt", "prompt", "prompt", "session_end"], events.Select(e => Text(e, "event")));
        Assert.Equal("Go on.", Text(events[2], "prompt"));
    }

    [Fact]
    public async Task A_turn_s_end_tells_the_answer_and_fails_where_a_hook_forbids_it()
    {
        Hook(HookEvent.TurnEnd, $"cat > end.json; {Deny}");
        var turn = Turn();

        var record = await TurnRecord.RunAsync(Hooks().Around(ScriptedAgent.Kind((t, _) => ScriptedAgent.Say(t, "All flown."))).Open(turn.Session), turn);

        Assert.Equal("All flown.", Text(Written("end.json"), "answer"));
        Assert.EndsWith("forbids this: No geese.", record.Failure!.Message, StringComparison.Ordinal);
    }

    private void Hook(HookEvent on, string script, string tool = "*", int seconds = 30, bool sandbox = false) =>
        _hooks.Add(new Hook(on, tool, ["sh", "-c", script], seconds, sandbox));

    private SessionHooks Hooks() => new(
        (_, _) => _broken is null ? Task.FromResult(new LoadedSettings(new SkeinSettings { Hooks = _hooks }, [], [])) : throw _broken,
        new ToolSettings(new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")! }, TimeProvider.System)
        {
            Confine = (_, _) => ValueTask.FromResult(_confinement),
        });

    private FuncTool Honk(ToolEffect effect = ToolEffect.Execute) => new(
        "honk",
        (_, _) =>
        {
            _done.Add("honk");
            return Task.FromResult(new ToolOutput("Honk."));
        },
        effect);

    private Session Session() => Sample.Session(Looped.Model, _folder.Path);

    private FakeTurn Turn() => new(Session(), [Sample.User("Go.")]);

    private async Task<ToolResultPart> CallAsync() => Assert.Single(await ResultsAsync(Turn()));

    private async Task<ToolResultPart[]> ResultsAsync(FakeTurn turn, ToolEffect effect = ToolEffect.Execute)
    {
        var looped = new Looped(new Skein.Agent.Providers.ScriptStep([new Skein.Agent.Providers.ScriptCall("honk", Sample.Json("""{"times":7}"""))]), Looped.Say("Done."))
        {
            Tools = [Honk(effect)],
            Extend = Hooks().ExtendAsync,
        };
        var record = await looped.RunAsync(turn);
        return [.. record.Messages.SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>()];
    }

    private JsonElement Written(string name) => JsonElement.Parse(File.ReadAllText(_folder.Below(name)));

    private static string? Text(JsonElement e, string name) => e.GetProperty(name).GetString();
}
