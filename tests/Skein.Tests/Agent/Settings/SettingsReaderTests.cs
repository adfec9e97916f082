using Skein.Agent;
using System.Runtime.Versioning;
using Skein.Agent.Permissions;
using Skein.Agent.Providers;
using Skein.Agent.Settings;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Settings;

[UnsupportedOSPlatform("windows")]
public sealed class SettingsReaderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("skein-").FullName;
    private readonly TrustedFolders _trusted;

    public SettingsReaderTests()
    {
        _trusted = new TrustedFolders(Path.Combine(_root, "home"));
        Directory.CreateDirectory(Workspace);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string UserFile => Path.Combine(_root, "config", "skein.json");
    private string Workspace => Path.Combine(_root, "work", "sub");
    private string ProjectFile => Path.Combine(Workspace, "skein.json");

    public void Dispose()
    {
        _trusted.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task No_file_says_nothing()
    {
        var loaded = await LoadAsync();

        Assert.Empty(loaded.Files);
        Assert.Equal((null, null, null, null), (loaded.Settings.Model, loaded.Settings.Mode, loaded.Settings.Agent, loaded.Settings.Durability));
        Assert.Empty(loaded.Settings.Providers);
        Assert.Empty(loaded.Settings.Permissions);
    }

    [Theory]
    [InlineData("mkfifo skein.json")]
    [InlineData("mkfifo pipe; ln -s pipe skein.json")]
    [InlineData("ln -s /dev/zero skein.json")]
    [InlineData("mkfifo pipe; mkfifo .git; ln -s pipe .mcp.json; ln -s pipe skein.json")]
    public async Task What_is_no_file_is_refused_and_holds_nobody_up(string made)
    {
        await Shell.RunAsync(Workspace, made);

        var refused = await Assert.ThrowsAsync<SettingsException>(LoadAsync);

        Assert.Equal($"{ProjectFile}: must be a file of 1 to 1048576 bytes, not 0.", refused.Message);
    }

    [Fact]
    public async Task Everything_that_can_be_said_is_read()
    {
        Put(UserFile, """
            {
              // The model at home.
              "model": "local/qwen/qwen3-coder:30b",
              "mode": "edits",
              "agent": "skein",
              "durability": "relaxed",
              "retention": { "days": 90, "sessions": 0, "trash_days": null },
              "compress_days": 7,
              "silence_seconds": 0,
              "call_silence_seconds": 3600,
              "providers": {
                "local": { "kind": "openai", "base_url": "http://127.0.0.1:8080/v1", "api_key_env": "LOCAL_KEY" },
                "claude": { "kind": "anthropic" },
                "demo": { "kind": "scripted", "script": "demo.json" },
              },
              /* rules */
              "permissions": [
                { "tool": "bash", "pattern": "git *", "action": "allow" },
                { "tool": "mcp_*", "action": "ask" },
                { "pattern": ".env", "action": "deny" },
              ],
            }
            """);

        var loaded = await LoadAsync();

        var settings = loaded.Settings;
        Assert.Equal([UserFile], loaded.Files);
        Assert.Equal((new RetentionSettings(90, 0), 7, 0, 3600), (settings.Retention, settings.CompressDays, settings.SilenceSeconds, settings.CallSilenceSeconds));
        Assert.Equal(("local/qwen/qwen3-coder:30b", PermissionMode.Edits, "skein", Durability.Relaxed), (settings.Model, settings.Mode, settings.Agent, settings.Durability));
        Assert.Equal(
            [
                new ProviderSettings("local", ProviderKind.OpenAi, new Uri("http://127.0.0.1:8080/v1"), "LOCAL_KEY"),
                new ProviderSettings("claude", ProviderKind.Anthropic),
                new ProviderSettings("demo", ProviderKind.Scripted, Script: Path.Combine(_root, "config", "demo.json")),
            ], settings.Providers.Values);
        Assert.Equal(
            [
                new PermissionRule("bash", "git *", RuleAction.Allow), new PermissionRule("mcp_*", "*", RuleAction.Ask), new PermissionRule("*", ".env", RuleAction.Deny),
            ], settings.Permissions);
    }

    [Fact]
    public async Task What_a_provider_speaks_that_is_always_there_need_not_be_said()
    {
        Put(UserFile, """{"providers": {"openrouter": {"headers": {"X-Title": "Mine"}}, "anthropic": {}}}""");

        var providers = (await LoadAsync()).Settings.Providers;

        Assert.Equal((ProviderKind.OpenAi, ProviderKind.Anthropic), (providers["openrouter"].Kind, providers["anthropic"].Kind));
    }

    [Theory]
    [InlineData("{", null, "is not JSON")]
    [InlineData("[]", null, "must be an object, not []")]
    [InlineData("""{"modle": "a/b"}""", "modle", "is not known here: there may be model, mode, agent, providers, permissions, durability, redaction, retention, compress_days")]
    [InlineData("""{"mode": "ask", "mode": "auto"}""", null, "is not JSON")]
    [InlineData("""{"model": "gpt"}""", "model", "must be 'provider/name', not \"gpt\"")]
    [InlineData("""{"model": 7}""", "model", "must be a string, not 7")]
    [InlineData("""{"mode": "yolo"}""", "mode", "must be one of plan, ask, edits, auto, not \"yolo\"")]
    [InlineData("""{"mode": null}""", "mode", "must be a string, not null")]
    [InlineData("""{"agent": "../x"}""", "agent", "must be a name")]
    [InlineData("""{"retention": {"days": -1}}""", "retention.days", "must be a number of days, 0 or more, or null, not -1")]
    [InlineData("""{"retention": {"sessions": "many"}}""", "retention.sessions", "must be a number of sessions, 0 or more, or null, not \"many\"")]
    [InlineData("""{"retention": {"weeks": 1}}""", "retention.weeks", "is not known here: there may be days, sessions, trash_days")]
    [InlineData("""{"silence_seconds": 604801}""", "silence_seconds", "must be a number of seconds, 0 to 604,800; 0: for ever, not 604801")]
    [InlineData("""{"durability": "none"}""", "durability", "must be one of durable, relaxed, not \"none\"")]
    [InlineData("""{"redaction": "off"}""", "redaction", "must be true or false, not \"off\"")]
    [InlineData("""{"providers": []}""", "providers", "must be an object")]
    [InlineData("""{"providers": {"a": {}}}""", "providers.a", "needs 'kind'")]
    [InlineData("""{"providers": {"A/b": {"kind": "openai"}}}""", "providers.A/b", "must have a name")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "headers": {"Authorization": "secret"}}}}""", "providers.a.headers.Authorization", "must be the name of a header (A-Z, a-z, 0-9, '-'), and none that carries a key: that is named in 'api_key_env'")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "headers": {"X-A": "b\u000aC: d"}}}}""", "providers.a.headers.X-A", "must be printable ASCII characters in one line")]
    [InlineData("""{"providers": {"a": {"kind": "gopher"}}}""", "providers.a.kind", "must be one of openai, anthropic, ollama, scripted, not \"gopher\"")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "url": "x"}}}""", "providers.a.url", "is not known here")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "base_url": "localhost:80"}}}""", "providers.a.base_url", "must be an http or https URL")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "base_url": "file:///etc"}}}""", "providers.a.base_url", "must be an http or https URL")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "script": "x"}}}""", "providers.a", "which is for the kind 'scripted'")]
    [InlineData("""{"providers": {"a": {"kind": "scripted"}}}""", "providers.a", "needs a 'script'")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "models": {"b": {"context": -1}}}}}""", "providers.a.models.b.context", "must be a number of tokens")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "models": {"b": {"prize": 1}}}}}""", "providers.a.models.b.prize", "is not known here: there may be context, output, price, temperature, thinking_budget, images")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "models": {"b": {"price": {"input": 1}}}}}}""", "providers.a.models.b.price", "needs 'input' and 'output'")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "models": {"b": {"price": {"input": -1, "output": 1}}}}}}""", "providers.a.models.b.price.input", "must be US dollars per million tokens, from 0 to 1,000,000, not -1")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "models": {"b": {"price": {"input": 1e99, "output": 1}}}}}}""", "providers.a.models.b.price.input", "must be US dollars per million tokens")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "models": {"b": {"price": {"input": "NaN", "output": 1}}}}}}""", "providers.a.models.b.price.input", "must be US dollars per million tokens")]
    [InlineData("""{"max_cost": 0}""", "max_cost", "must be US dollars, more than 0 and at most 1,000,000, not 0")]
    [InlineData("""{"max_cost": "1"}""", "max_cost", "must be US dollars, more than 0")]
    [InlineData("""{"max_steps": 0}""", "max_steps", "must be a number of calls of the model, 1 or more, not 0")]
    [InlineData("""{"max_steps": 1.5}""", "max_steps", "must be a number of calls of the model")]
    [InlineData("""{"titles": "small"}""", "titles", "must be true, false, or the model that makes them as 'provider/name', not \"small\"")]
    [InlineData("""{"titles": 1}""", "titles", "must be true, false, or the model")]
    [InlineData("""{"permissions": {}}""", "permissions", "must be a list")]
    [InlineData("""{"permissions": [{"action": "allow"}, {"tool": "bash"}]}""", "permissions[1]", "needs 'action'")]
    [InlineData("""{"permissions": [{"action": "allow", "patern": "x"}]}""", "permissions[0].patern", "is not known here: there may be tool, pattern, action")]
    [InlineData("""{"permissions": [{"action": "allow", "pattern": ""}]}""", "permissions[0].pattern", "must not be empty")]
    [InlineData("""{"permissions": [{"action": "allow", "tool": "a b"}]}""", "permissions[0].tool", "must be a tool's name")]
    public async Task What_breaks_a_rule_is_named_with_file_key_value_and_rule(string content, string? key, string rule)
    {
        Put(UserFile, content);

        var e = await Assert.ThrowsAsync<SettingsException>(LoadAsync);

        Assert.Equal((UserFile, key), (e.File, e.Key));
        Assert.StartsWith(UserFile + ": ", e.Message, StringComparison.Ordinal);
        Assert.Contains(rule, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"providers": {"a": {"kind": "openai", "api_key": "sk-secret"}}}""", "providers.a.api_key")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "api_key_env": "sk-secret"}}}""", "providers.a.api_key_env")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "base_url": "https://me:sk-secret@host/v1"}}}""", "providers.a.base_url")]
    [InlineData("""{"providers": {"a": {"kind": "openai", "base_url": "https://host/v1?key=sk-secret"}}}""", "providers.a.base_url")]
    public async Task A_key_that_somebody_put_into_the_file_is_refused_and_not_repeated(string content, string key)
    {
        Put(UserFile, content);

        var e = await Assert.ThrowsAsync<SettingsException>(LoadAsync);

        Assert.Equal(key, e.Key);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_file_of_settings_is_an_error_and_never_waited_for()
    {
        Directory.CreateDirectory(UserFile);
        await Assert.ThrowsAsync<SettingsException>(LoadAsync);

        Directory.Delete(UserFile);
        Put(UserFile, "");
        await Assert.ThrowsAsync<SettingsException>(LoadAsync);
    }

    [Fact]
    public async Task Until_a_folder_is_trusted_its_file_only_narrows()
    {
        Put(UserFile, """{"model": "mine/m", "mode": "auto", "permissions": [{"tool": "bash", "pattern": "rm *", "action": "deny"}]}""");
        Put(ProjectFile, """
            {
              "model": "evil/m", "mode": "auto", "agent": "other", "durability": "relaxed", "retention": { "days": 0 }, "compress_days": 0, "silence_seconds": 0, "call_silence_seconds": 0,
              "providers": { "mine": { "kind": "openai", "base_url": "http://evil.example" } },
              "permissions": [
                { "tool": "bash", "action": "allow" },
                { "tool": "bash", "action": "ask" },
                { "tool": "read", "pattern": ".env", "action": "deny" }
              ]
            }
            """);

        var loaded = await LoadAsync();

        Assert.Equal([UserFile, ProjectFile], loaded.Files);
        Assert.Equal(("mine/m", PermissionMode.Auto, null, null), (loaded.Settings.Model, loaded.Settings.Mode, loaded.Settings.Agent, loaded.Settings.Durability));
        Assert.Empty(loaded.Settings.Providers);
        Assert.Equal([new PermissionRule("bash", "rm *", RuleAction.Deny)], loaded.Settings.Permissions);
        Assert.Equal([new PermissionRule("bash", "*", RuleAction.Ask), new PermissionRule("read", ".env", RuleAction.Deny)], loaded.Settings.Narrowing);
        Assert.Equal(
            ["model", "mode", "agent", "durability", "retention", "compress_days", "silence_seconds", "call_silence_seconds", "providers.mine", "permissions[0]"], loaded.Ignored.Select(i => i.Key));
        Assert.All(loaded.Ignored, i => Assert.Equal(ProjectFile, i.File));
    }

    [Fact]
    public async Task The_mode_plan_is_taken_from_any_folder()
    {
        Put(UserFile, """{"mode": "auto"}""");
        Put(ProjectFile, """{"mode": "plan"}""");

        var loaded = await LoadAsync();

        Assert.Equal(PermissionMode.Plan, loaded.Settings.Mode);
        Assert.Empty(loaded.Ignored);
    }

    [Theory]
    [InlineData("""{}""", """{"max_cost": 2, "max_steps": 900}""", 2.0, 900, "")]
    [InlineData("""{"max_cost": 1, "max_steps": 100}""", """{"max_cost": 0.5, "max_steps": 10}""", 0.5, 10, "")]
    [InlineData("""{"max_cost": 1, "max_steps": 100}""", """{"max_cost": 2, "max_steps": 200}""", 1.0, 100, "max_cost max_steps")]
    [InlineData("""{}""", """{"max_steps": 2000}""", null, null, "max_steps")]
    public async Task A_folder_that_is_not_trusted_may_lower_limits_and_raise_none(string user, string project, double? cost, int? steps, string ignored)
    {
        Put(UserFile, user);
        Put(ProjectFile, project);

        var loaded = await LoadAsync();

        Assert.Equal(new TurnLimits((decimal?)cost, steps), loaded.Settings.Limits);
        Assert.Equal(ignored.Split(' ', StringSplitOptions.RemoveEmptyEntries), loaded.Ignored.Select(i => i.Key));
    }

    [Theory]
    [InlineData("false", false, false)]
    [InlineData("true", true, true)]
    [InlineData("\"other/small\"", true, true)]
    public async Task A_folder_that_is_not_trusted_may_turn_titles_off_and_choose_no_model_for_them(string said, bool enabled, bool ignored)
    {
        Put(UserFile, """{"titles": "mine/small"}""");
        Put(ProjectFile, $$"""{"titles": {{said}}}""");

        var loaded = await LoadAsync();

        Assert.Equal(enabled ? new TitleSettings(Model: "mine/small") : new TitleSettings(false), loaded.Settings.Titles);
        Assert.Equal(ignored, loaded.Ignored.Any(i => i.Key == "titles"));
    }

    [Fact]
    public async Task A_trusted_folder_s_file_goes_over_the_user_s()
    {
        Put(UserFile, """{"model": "mine/m", "agent": "mine", "providers": {"mine": {"kind": "openai"}, "other": {"kind": "anthropic"}}, "permissions": [{"action": "deny"}]}""");
        Put(ProjectFile, """{"model": "yours/m", "mode": "auto", "providers": {"mine": {"kind": "anthropic"}}, "permissions": [{"action": "allow"}]}""");
        await _trusted.TrustAsync(Workspace, Cancellation);

        var loaded = await LoadAsync();

        Assert.Equal(("yours/m", PermissionMode.Auto, "mine"), (loaded.Settings.Model, loaded.Settings.Mode, loaded.Settings.Agent));
        Assert.Equal(
            [new ProviderSettings("mine", ProviderKind.Anthropic), new ProviderSettings("other", ProviderKind.Anthropic)],
            loaded.Settings.Providers.Values.OrderBy(p => p.Name));
        Assert.Equal([RuleAction.Deny, RuleAction.Allow], loaded.Settings.Permissions.Select(r => r.Action));
        Assert.Empty(loaded.Settings.Narrowing);
        Assert.Empty(loaded.Ignored);
    }

    [Fact]
    public async Task Providers_of_a_trusted_folder_are_told_as_the_user_s_alone_and_his_own_are_not()
    {
        await _trusted.TrustAsync(Workspace, Cancellation);
        Put(UserFile, """{"providers": {"mine": {"kind": "openai", "base_url": "http://127.0.0.1:1/v1", "models": {"any": {"context": 8192}}}}}""");
        var own = await LoadAsync();
        Put(ProjectFile, """{"providers": {"theirs": {"kind": "openai", "base_url": "http://127.0.0.1:2/v1"}}}""");

        var both = await LoadAsync();

        Assert.Empty(own.UsersAlone);
        Assert.Equal([new IgnoredSetting(ProjectFile, "providers.theirs")], both.UsersAlone);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Redaction_is_the_user_s_word_alone_also_in_a_trusted_folder(bool isTrusted)
    {
        if (isTrusted)
            await _trusted.TrustAsync(Workspace, Cancellation);
        Put(ProjectFile, """{"redaction": false}""");

        var unsaid = await LoadAsync();
        Put(UserFile, """{"redaction": false}""");
        Put(ProjectFile, """{"redaction": true}""");
        var off = await LoadAsync();

        Assert.Equal((null, false), (unsaid.Settings.Redaction, off.Settings.Redaction));
        Assert.Equal([new IgnoredSetting(ProjectFile, "redaction")], unsaid.UsersAlone);
        Assert.Empty(unsaid.Ignored);
    }

    [Fact]
    public async Task The_nearest_file_up_to_the_repository_s_root_is_the_project_s()
    {
        var above = Path.Combine(_root, "work", "skein.json");
        Put(above, """{"mode": "plan"}""");
        Assert.Empty((await LoadAsync()).Files);

        Directory.CreateDirectory(Path.Combine(_root, "work", ".git"));
        Assert.Equal([above], (await LoadAsync()).Files);

        Put(ProjectFile, "{}");
        Assert.Equal([ProjectFile], (await LoadAsync()).Files);
    }

    [Fact]
    public async Task Trust_in_a_folder_does_not_reach_the_file_above_it()
    {
        Directory.CreateDirectory(Path.Combine(_root, "work", ".git"));
        Put(Path.Combine(_root, "work", "skein.json"), """{"mode": "auto"}""");
        await _trusted.TrustAsync(Workspace, Cancellation);

        Assert.Equal(["mode"], (await LoadAsync()).Ignored.Select(i => i.Key));
    }

    [Fact]
    public async Task The_user_s_own_file_is_not_taken_for_a_project_s()
    {
        Put(UserFile, """{"mode": "auto"}""");

        var loaded = await new SettingsReader(UserFile, _trusted).ReadAsync(Path.GetDirectoryName(UserFile), Cancellation);

        Assert.Equal([UserFile], loaded.Files);
        Assert.Equal(PermissionMode.Auto, loaded.Settings.Mode);
    }

    [Fact]
    public void The_user_s_file_is_where_the_environment_says()
    {
        Assert.Equal("/h/.config/skein/skein.json", SettingsReader.UserFile(new Dictionary<string, string>(), "/h"));
        Assert.Equal("/x/skein/skein.json", SettingsReader.UserFile(new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = "/x" }, "/h"));
        Assert.Equal("/h/.config/skein/skein.json", SettingsReader.UserFile(new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = "relative" }, "/h"));
        Assert.Equal("/c.json", SettingsReader.UserFile(new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = "/x", ["SKEIN_CONFIG"] = "/c.json" }, "/h"));
    }

    private static void Put(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    private Task<LoadedSettings> LoadAsync() => new SettingsReader(UserFile, _trusted).ReadAsync(Workspace, Cancellation);
}
