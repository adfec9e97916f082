using System.Runtime.Versioning;
using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>Settings, keys, providers, agents.</summary>
public sealed class ConfigTests : ModelBench
{
    private string UserFile => Path.Combine(Path.GetDirectoryName(User.Home)!, ".config", "skein", "skein.json");

    [Fact(Timeout = 60_000)]
    public async Task A_setting_is_changed_in_its_file_which_otherwise_stays_as_it_is()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(UserFile)!);
        await File.WriteAllTextAsync(UserFile, "{\n  // how I like it\n  \"mode\": \"ask\", \"providers\": {},\n}\n", Cancellation);

        await User.GoodAsync("config", "set", "mode", "edits");
        await User.GoodAsync("config", "set", "providers.local", """{"kind":"openai","base_url":"http://127.0.0.1:1/v1"}""");
        await User.GoodAsync("config", "set", "providers.local.base_url", "http://127.0.0.1:2/v1");
        await User.GoodAsync("config", "set", "model", "local/goose");

        Assert.Equal(
            "{\n  // how I like it\n  \"mode\": \"edits\", \"providers\": {\n    \"local\": {\"kind\":\"openai\",\"base_url\":\"http://127.0.0.1:2/v1\"}\n  },\n  \"model\": \"local/goose\",\n}\n",
            await File.ReadAllTextAsync(UserFile, Cancellation));
        Assert.Equal("edits\n", (await User.GoodAsync("config", "get", "mode")).Out);
        Assert.Equal("http://127.0.0.1:2/v1\n", (await User.GoodAsync("config", "get", "providers.local.base_url")).Out);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("'mode' must be one of plan, ask, edits, auto", "mode", "everything")]
    [InlineData("'goose' is not known here", "goose", "grey")]
    [InlineData("'providers.x' needs 'kind'", "providers.x.base_url", "http://127.0.0.1/v1")]
    [InlineData("'permissions' must be a list", "permissions", "none")]
    [InlineData("is no key", "mode.", "ask")]
    public async Task What_would_break_a_rule_is_refused_and_the_file_stays(string said, string key, string value)
    {
        await User.GoodAsync("config", "set", "mode", "plan");
        var before = await File.ReadAllTextAsync(UserFile, Cancellation);

        var run = await User.RunAsync("config", "set", key, value);

        Assert.Equal(2, run.Code);
        Assert.Contains(said, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(UserFile, Cancellation));
    }

    [Fact(Timeout = 60_000)]
    public async Task Each_value_is_listed_with_where_it_comes_from_and_whether_it_counts()
    {
        await User.GoodAsync("config", "set", "mode", "edits");
        await User.GoodAsync("config", "set", "model", "ollama/goose", "--project");
        var project = Path.Combine(User.Project, "skein.json");
        (string, string?, string?, bool)[] unset =
            [("agent", "skein", null, false), ("effort", null, null, false), ("max_cost", null, null, false), ("max_steps", "1000", null, false), ("titles", "true", null, false), ("checkpoints", "true", null, false), ("redaction", "true", null, false), ("retention.days", null, null, false), ("retention.sessions", null, null, false), ("retention.trash_days", null, null, false), ("durability", "durable", null, false), ("compress_days", "30", null, false), ("silence_seconds", "600", null, false), ("call_silence_seconds", "7200", null, false)];

        var before = await RowsAsync();
        Assert.Equal([("model", "ollama/goose", project, true), ("model", null, null, false), ("mode", "edits", UserFile, false), .. unset], before);
        Assert.Equal(1, (await User.RunAsync("config", "get", "model")).Code);
        await User.GoodAsync("trust");
        var after = await RowsAsync();
        Assert.Equal([("model", "ollama/goose", project, false), ("mode", "edits", UserFile, false), .. unset], after);
        Assert.Equal("ollama/goose\n", (await User.GoodAsync("config", "get", "model")).Out);
        Assert.Contains($"{UserFile}\n", (await User.GoodAsync("config", "list")).Out, StringComparison.Ordinal);
        Assert.Equal(2, (await User.RunAsync("config", "get", "goose")).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_kept_and_what_is_open_is_listed_and_told_and_a_project_has_no_say_in_the_first()
    {
        await User.GoodAsync("config", "set", "retention", """{"days":90,"trash_days":0}""");
        await User.GoodAsync("config", "set", "retention.days", "1", "--project");
        await User.GoodAsync("config", "set", "redaction", "false", "--project");
        await User.GoodAsync("config", "set", "sandbox", """{"network":true,"home":[".gitconfig"]}""");
        await User.GoodAsync("trust");
        var project = Path.Combine(User.Project, "skein.json");

        var rows = (await RowsAsync()).Where(r => r.Item1.StartsWith("re", StringComparison.Ordinal) || r.Item1.StartsWith("sandbox", StringComparison.Ordinal));

        Assert.Equal(
            [
                ("redaction", "false", project, true), ("redaction", "true", null, false),
                ("retention.days", "90", UserFile, false), ("retention.days", "1", project, true), ("retention.sessions", null, null, false), ("retention.trash_days", "0", UserFile, false),
                ("sandbox.network", "true", UserFile, false), ("sandbox.home", ".gitconfig", UserFile, false),
            ],
            rows);
        Assert.Equal("90\n", (await User.GoodAsync("config", "get", "retention.days")).Out);
        Assert.Equal(1, (await User.RunAsync("config", "get", "retention.sessions")).Code);
        Assert.Equal(1, (await User.RunAsync("config", "get", "telemetry.endpoint")).Code);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_stored_key_is_used_replaced_removed_and_never_shown()
    {
        User.Variables["OPENAI_API_KEY"] = null;
        await User.GoodAsync("config", "set", "providers.work", $$"""{"kind":"openai","base_url":"{{Model.OpenAiAddress}}","api_key_env":"WORK_KEY"}""");
        Model.Otherwise = _ => new StreamedAnswer(new Said("Hi."));
        await User.RunAsync("ls");
        var before = await User.RunAsync("run", "--model", "work/any", "Hello?");

        var set = await User.RunAsync("sk-first-secret\n", ["auth", "set", "work"]);
        var first = await User.GoodAsync("run", "--model", "work/any", "Hello?");
        await User.RunAsync("sk-other-secret", ["auth", "set", "work"]);
        await User.GoodAsync("run", "--model", "work/any", "Hello?");
        User.Variables["WORK_KEY"] = "sk-variable";
        await User.GoodAsync("run", "--model", "work/any", "Hello?");
        User.Variables["WORK_KEY"] = null;
        var list = await User.GoodAsync("auth", "list");
        var removed = await User.GoodAsync("auth", "remove", "work");
        var after = await User.RunAsync("run", "--model", "work/any", "Hello?");

        Assert.Equal((2, 0, 2), (before.Code, set.Code, after.Code));
        Assert.Contains("skein auth set work", before.Error, StringComparison.Ordinal);
        Assert.Equal(
            ["Bearer sk-first-secret", "Bearer sk-other-secret", "Bearer sk-variable"],
            Model.Requests.Select(r => r.Headers["Authorization"]));
        Assert.Matches(@"\nwork +stored\n", list.Out);
        Assert.DoesNotContain("secret", set.Out + set.Error + first.Out + first.Error + list.Out + list.Error + removed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", await File.ReadAllTextAsync(Path.Combine(User.Home, "server.log"), Cancellation), StringComparison.Ordinal);
        Assert.Equal(2, (await User.RunAsync("auth", "remove", "work")).Code);
    }

    [Fact(Timeout = 60_000)]
    [UnsupportedOSPlatform("windows")]
    public async Task The_file_of_keys_is_for_its_user_alone_and_is_refused_where_it_is_not()
    {
        await User.RunAsync("sk-secret", ["auth", "set", "anthropic"]);
        var file = Path.Combine(User.Home, "keys.json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        var run = await User.RunAsync("auth", "list");

        Assert.Equal(1, run.Code);
        Assert.Contains("others may read it", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        foreach (var (code, input, provider) in ((int, string, string)[])[(2, "", "openai"), (2, "two words", "openai"), (2, "sk", "nobody")])
        {
            File.Delete(file);
            Assert.Equal(code, (await User.RunAsync(input, ["auth", "set", provider])).Code);
            Assert.False(File.Exists(file));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_key_that_is_typed_is_not_shown()
    {
        Requires.Programs("script");
        using var run = User.StartAtTerminal("skein auth set anthropic");

        await run.SaidAsync("it is not shown");
        await run.Input.WriteAsync("sk-typed\r");
        await run.SaidAsync("is stored");

        Assert.DoesNotContain("sk-typed", (await run.EndAsync()).Out, StringComparison.Ordinal);
        Assert.Contains("sk-typed", await File.ReadAllTextAsync(Path.Combine(User.Home, "keys.json"), Cancellation), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Providers_tell_whether_they_can_be_used_and_which_models_they_have()
    {
        await User.GoodAsync("config", "set", "providers.work", $$"""{"kind":"openai","base_url":"{{Model.OpenAiAddress}}"}""");
        await User.GoodAsync("config", "set", "providers.gone", """{"kind":"openai","base_url":"http://127.0.0.1:1/v1"}""");

        var models = await User.GoodAsync("models");
        var offline = await User.JsonAsync("models", "--offline");
        var agents = await User.JsonAsync("agents");

        Assert.Matches(@"\nanthropic +anthropic +– +no\n", models.Out);
        Assert.Contains("\nwork/any\n", models.Out, StringComparison.Ordinal);
        Assert.Contains("\nanthropic: there is no key for anthropic", models.Out, StringComparison.Ordinal);
        Assert.Matches(@"\ngone: .*127\.0\.0\.1", models.Out);
        Assert.All(offline.GetProperty("providers").EnumerateArray(), p => Assert.Equal(0, p.GetProperty("models").GetArrayLength()));
        Assert.Equal("skein", agents.GetProperty("agents")[0].GetProperty("name").GetString());
        Assert.False(agents.GetProperty("agents")[0].GetProperty("usable").GetBoolean());
        Assert.False(File.Exists(Path.Combine(User.Home, "server.json")));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("'skein auth' needs a command: set, list, remove.", "auth")]
    [InlineData("'skein auth' has no command 'sett'; did you mean 'set'?", "auth", "sett")]
    [InlineData("'skein config set' needs KEY: see 'skein config set --help'.", "config", "set")]
    [InlineData("'skein config list' has no option '--jsn'; did you mean '--json'?", "config", "list", "--jsn")]
    public async Task A_command_below_a_command_is_told_by_its_whole_name(string said, params string[] arguments)
    {
        var run = await User.RunAsync(arguments);

        Assert.Equal((2, $"skein: {said}\n"), (run.Code, run.Error));
    }

    private async Task<(string, string?, string?, bool)[]> RowsAsync() =>
        [.. (await User.JsonAsync("config", "list")).GetProperty("items").EnumerateArray()
            .Select(r => (r.GetProperty("key").GetString()!, Text(r.GetProperty("value")), Text(r.GetProperty("from")), r.GetProperty("ignored").GetBoolean()))];

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : value.GetString();
}
