
namespace Skein.EndToEnd;

/// <summary>Somebody comes from another agent, and takes its settings along.</summary>
public sealed class TakeoverTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task Claude_s_rules_go_before_one_s_own_which_stay_with_their_comments()
    {
        _user.Write("skein.json", """
            {
              // Ours.
              "mode": "plan",
              "permissions": [
                { "tool": "bash", "pattern": "git push", "action": "deny" }, // Pushing is for people.
              ]
            }
            """);
        _user.Write(".claude/settings.json", """
            {
              "permissions": {
                "deny": ["Read(./.env)", "Bash(rm:*)"],
                "allow": ["Bash(git log:*)", "WebFetch(domain:docs.example)", "Edit(src/**)", "mcp__tracker", "NotebookEdit"],
                "defaultMode": "acceptEdits"
              },
              "model": "opus",
              "hooks": { "PreToolUse": [] }
            }
            """);
        _user.Write(".claude/commands/tidy.md", "Tidy up.");
        _user.Write("CLAUDE.md", "Be kind.");

        var shown = await _user.GoodAsync("init", "--from", "claude");
        var untouched = await File.ReadAllTextAsync(Path.Combine(_user.Project, "skein.json"), TestContext.Current.CancellationToken);
        await _user.GoodAsync("init", "--from", "claude", "--yes");
        var written = await File.ReadAllTextAsync(Path.Combine(_user.Project, "skein.json"), TestContext.Current.CancellationToken);
        var again = await _user.GoodAsync("init", "--from", "claude", "--yes");
        await _user.GoodAsync("trust");
        var rules = await _user.GoodAsync("permissions");

        Assert.Contains("+    { \"tool\": \"bash\", \"pattern\": \"git log *\", \"action\": \"allow\" },", shown.Out, StringComparison.Ordinal);
        Assert.Contains("Nothing was written", shown.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("git log", untouched, StringComparison.Ordinal);
        foreach (var told in (string[])["mode: \"plan\" stays, not \"edits\"", ".claude/commands", "CLAUDE.md", "'NotebookEdit': Skein has no tool", "model: Claude Code has names", "hooks (PreToolUse)"])
            Assert.Contains(told, shown.Out, StringComparison.Ordinal);

        Assert.Contains("// Ours.", written, StringComparison.Ordinal);
        Assert.Contains("{ \"tool\": \"bash\", \"pattern\": \"git push\", \"action\": \"deny\" }, // Pushing is for people.", written, StringComparison.Ordinal);
        Assert.True(written.IndexOf("docs.example", StringComparison.Ordinal) < written.IndexOf("git push", StringComparison.Ordinal));
        Assert.Contains("nothing more to take over", again.Out, StringComparison.Ordinal);
        Assert.Equal(written, await File.ReadAllTextAsync(Path.Combine(_user.Project, "skein.json"), TestContext.Current.CancellationToken));
        foreach (var rule in (string[])["rm *", "docs.example", ".env", "src/**", "mcp__tracker__*"])
            Assert.Contains(rule, rules.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_page_s_example_is_written_as_it_stands_there()
    {
        var blocks = File.ReadAllText(Path.Combine(PublishedProgram.Repository, "docs", "taking-over.md")).Split("```json\n").Skip(1).Select(b => b.Split("```")[0]).ToArray();
        _user.Write(".claude/settings.json", blocks[0]);

        await _user.GoodAsync("init", "--from", "claude", "--yes");

        Assert.Equal(blocks[1], await File.ReadAllTextAsync(Path.Combine(_user.Project, "skein.json"), TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 60_000)]
    public async Task Codex_s_servers_providers_and_prompts_become_one_s_own()
    {
        var codex = Directory.CreateDirectory(Path.Combine(_user.Project, "codex")).FullName;
        _user.Variables["CODEX_HOME"] = codex;
        _user.Write("codex/config.toml", """
            model = "qwen3-coder"
            model_provider = "local"
            approval_policy = "never"
            sandbox_mode = "workspace-write"

            [sandbox_workspace_write]
            network_access = true

            [model_providers.local]
            base_url = "http://127.0.0.1:8080/v1"
            wire_api = "chat"

            [mcp_servers.notes]
            command = "notes-server"
            args = ["--all"]
            tool_timeout_sec = 90

            [mcp_servers.tracker]
            url = "https://tracker.example/mcp"
            bearer_token_env_var = "TRACKER_TOKEN"
            """);
        _user.Write("codex/prompts/review.md", "---\ndescription: Reviews a file\nargument-hint: [file]\n---\nReview $1.");

        var taken = await _user.GoodAsync("init", "--from", "codex", "--user", "--yes");
        var servers = await _user.GoodAsync("mcp", "list");
        var settings = (await _user.GoodAsync("config", "list")).Out;
        var commands = await _user.GoodAsync("commands");
        var said = await _user.GoodAsync("run", "--json", "--model", _user.Script("Done."), "/review goose.cs");

        Assert.Contains("approval_policy 'never'", taken.Out, StringComparison.Ordinal);
        Assert.Contains("skein auth set tracker", taken.Out, StringComparison.Ordinal);
        Assert.Contains("notes-server --all", servers.Out, StringComparison.Ordinal);
        Assert.Contains("https://tracker.example/mcp", servers.Out, StringComparison.Ordinal);
        Assert.Contains("local/qwen3-coder", settings, StringComparison.Ordinal);
        Assert.Contains("/review [file]", commands.Out, StringComparison.Ordinal);
        Assert.Contains("Review goose.cs.", said.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task OpenCode_s_commands_agents_and_rules_become_files_and_settings_of_the_project()
    {
        _user.Write("opencode.jsonc", """
            {
              // A team's.
              "mcp": {
                "notes": { "type": "local", "command": ["notes-server"], "environment": { "LEVEL": "1" } },
                "secret": { "type": "remote", "url": "https://x.example/mcp", "headers": { "X-Key": "{env:KEY}" } },
                "off": { "type": "local", "command": ["x"], "enabled": false },
              },
              "permission": { "edit": "ask", "bash": { "*": "ask", "git status *": "allow" }, "webfetch": "deny" },
              "command": { "test": { "template": "Run the tests of $ARGUMENTS.", "description": "Runs tests" } },
              "agent": {
                "reviewer": { "description": "Looks for faults.", "prompt": "{file:./prompts/review.txt}", "permission": { "edit": "deny" } },
                "build": { "model": "x/y" },
              },
              "instructions": ["CONTRIBUTING.md"],
              "theme": "geese",
            }
            """);
        _user.Write("prompts/review.txt", "You review.");
        _user.Write(".opencode/command/deploy.md", "---\ndescription: \"Ships: now\"\n---\nShip it.");

        var taken = await _user.GoodAsync("init", "--from", "opencode", "--yes");
        await _user.GoodAsync("trust");
        var commands = await _user.GoodAsync("commands");
        var agents = await _user.GoodAsync("agents");
        var rules = await _user.GoodAsync("permissions");
        var again = await _user.GoodAsync("init", "--from", "opencode", "--yes");

        foreach (var left in (string[])["'secret': it names variables", "'off': it is turned off", "'build': it changes one of OpenCode's own", "'CONTRIBUTING.md'"])
            Assert.Contains(left, taken.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("theme", taken.Out, StringComparison.Ordinal);
        Assert.Contains("Ships: now", commands.Out, StringComparison.Ordinal);
        Assert.Contains("/test", commands.Out, StringComparison.Ordinal);
        Assert.Contains("Looks for faults.", agents.Out, StringComparison.Ordinal);
        Assert.Contains("git status *", rules.Out, StringComparison.Ordinal);
        Assert.Contains("nothing more to take over", again.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_cannot_be_read_is_named_and_nothing_is_written()
    {
        var nothing = await _user.GoodAsync("init", "--from", "codex");
        _user.Write(".claude/settings.json", "{ \"permissions\": ");
        var broken = await _user.RunAsync("init", "--from", "claude", "--yes");
        File.Delete(Path.Combine(_user.Project, ".claude/settings.json"));
        _user.Write(".claude/settings.json", """{ "permissions": { "allow": ["Bash(make)"] } }""");
        _user.Write("skein.json", """{ "permissions": "none" }""");
        var unusable = await _user.RunAsync("init", "--from", "claude", "--yes");
        var unknown = await _user.RunAsync("init", "--from", "goose");

        Assert.Equal(2, broken.Code);
        Assert.Contains(".claude/settings.json is not JSON", broken.Error, StringComparison.Ordinal);
        Assert.Equal(1, unusable.Code);
        Assert.Contains("permissions", unusable.Error, StringComparison.Ordinal);
        Assert.Equal("""{ "permissions": "none" }""", await File.ReadAllTextAsync(Path.Combine(_user.Project, "skein.json"), TestContext.Current.CancellationToken));
        Assert.Equal(2, unknown.Code);
        Assert.Contains("claude, codex, opencode", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("nothing to take over", nothing.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Who_says_no_at_a_terminal_has_nothing_written()
    {
        _user.Write(".claude/settings.json", """{ "permissions": { "allow": ["Bash(make)"] } }""");
        using var asked = _user.StartAtTerminal($"'{PublishedProgram.Path}' init --from claude");

        await asked.SaidAsync("Write this?");
        await asked.Input.WriteLineAsync("n");
        await asked.EndAsync();

        Assert.False(File.Exists(Path.Combine(_user.Project, "skein.json")));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_was_broken_off_in_the_middle_is_whole_after_a_second_time()
    {
        _user.Write("opencode.json", """{ "permission": { "webfetch": "deny" }, "command": { "one": { "template": "First." }, "two": { "template": "Second." } } }""");
        Directory.CreateDirectory(Path.Combine(_user.Project, ".skein", "commands", "two.md"));
        var broken = await _user.RunAsync("init", "--from", "opencode", "--yes");
        var left = Directory.EnumerateFiles(Path.Combine(_user.Project, ".skein", "commands")).Select(Path.GetFileName).ToList();
        Directory.Delete(Path.Combine(_user.Project, ".skein", "commands", "two.md"));
        var whole = await _user.GoodAsync("init", "--from", "opencode", "--yes");

        Assert.Equal(1, broken.Code);
        Assert.Contains("two.md", broken.Error, StringComparison.Ordinal);
        Assert.Equal(["one.md"], left);
        Assert.Contains("Wrote .skein/commands/two.md.", whole.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("one.md", whole.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_no_file_holds_nobody_up()
    {
        var made = await _user.ShellAsync("mkdir .claude && mkfifo pipe && ln -s ../pipe .claude/settings.json");
        Assert.True(made.Code == 0, made.ToString());

        Assert.Contains(".claude/settings.json is not JSON", (await _user.RunAsync("init", "--from", "claude", "--yes")).Error, StringComparison.Ordinal);
    }
}
