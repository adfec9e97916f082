using Skein.Agent.Permissions;
using Skein.Agent.Tools;
using Skein.Core.Events;

namespace Skein.Tests.Agent.Permissions;

public sealed class PermissionRulesTests
{
    private static readonly ToolIntent s_read = new(ToolEffect.Read, "src/a.cs", "read");
    private static readonly ToolIntent s_readOutside = new(ToolEffect.Read, "/etc/hosts", "read", Outside: true);
    private static readonly ToolIntent s_edit = new(ToolEffect.Edit, "src/a.cs", "edit");
    private static readonly ToolIntent s_editOutside = new(ToolEffect.Edit, "/tmp/a.cs", "edit", Outside: true);
    private static readonly ToolIntent s_execute = new(ToolEffect.Execute, "make", "make");

    public static TheoryData<PermissionMode, string> Modes => new()
    {
        { PermissionMode.Plan, "allow ask deny deny deny" },
        { PermissionMode.Ask, "allow ask ask ask ask" },
        { PermissionMode.Edits, "allow ask allow ask ask" },
        { PermissionMode.Auto, "allow allow allow allow allow" },
    };

    [Theory]
    [MemberData(nameof(Modes))]
    public void Without_rules_the_mode_decides(PermissionMode mode, string expected)
    {
        var rules = Rules();

        Assert.Equal(expected, string.Join(' ', new[] { s_read, s_readOutside, s_edit, s_editOutside, s_execute }.Select(i => Word(rules.Decide(mode, "any", i)))));
    }

    [Theory]
    [InlineData("skein.json")]
    [InlineData("sub/skein.json")]
    [InlineData(".skein/agents/a.md")]
    [InlineData(".mcp.json")]
    [InlineData(".agents/skills/x/SKILL.md")]
    [InlineData(".claude/settings.json")]
    [InlineData(".CLAUDE/settings.json")]
    [InlineData("AGENTS.md")]
    [InlineData("sub/CLAUDE.md")]
    [InlineData("agents.MD")]
    [InlineData(".git/hooks/pre-commit")]
    [InlineData(".git/config")]
    [InlineData("vendor/lib/.git/config")]
    [InlineData("/home/me/.bashrc")]
    [InlineData("/home/me/.ssh/authorized_keys")]
    [InlineData("/home/me/.config/fish/config.fish")]
    [InlineData("/home/me/.config/fish/conf.d/a.fish")]
    [InlineData("/home/me/.config/git/config")]
    [InlineData("/home/me/.config/git/hooks/pre-commit")]
    public void What_would_run_later_is_asked_for_in_every_mode_and_never_remembered(string path)
    {
        var rules = Rules([Allow("*", "*")], remembered: [Allow("edit", path)]);
        var intent = new ToolIntent(ToolEffect.Edit, path, "edit", Outside: path[0] == '/');

        foreach (var mode in new[] { PermissionMode.Ask, PermissionMode.Edits, PermissionMode.Auto })
            Assert.Equal(new PermissionDecision.Ask(null), rules.Decide(mode, "edit", intent));

        Assert.IsType<PermissionDecision.Deny>(rules.Decide(PermissionMode.Plan, "edit", intent));
        Assert.Equal(PermissionDecision.Allowed, rules.Decide(PermissionMode.Ask, "read", intent with { Effect = ToolEffect.Read }));
    }

    [Theory]
    [InlineData("src/skein.json.md")]
    [InlineData(".github/workflows/ci.yml")]
    [InlineData(".gitignore")]
    [InlineData("docs/agents.txt")]
    [InlineData("src/git/config.cs")]
    [InlineData(".config/dotnet-tools.json")]
    public void What_only_looks_like_it_is_not(string path) =>
        Assert.Equal(PermissionDecision.Allowed, Rules().Decide(PermissionMode.Edits, "edit", s_edit with { Subject = path }));

    [Fact]
    public void A_new_host_is_asked_about_in_every_mode_and_rules_are_about_its_name()
    {
        var fetch = new ToolIntent(ToolEffect.Fetch, "docs.example.org", "fetch");

        Assert.All(Enum.GetValues<PermissionMode>(), mode => Assert.Equal(new PermissionDecision.Ask("docs.example.org"), Rules().Decide(mode, "fetch", fetch)));
        Assert.Equal("allow", Word(Rules([Allow("fetch", "*.Example.org")]).Decide(PermissionMode.Ask, "fetch", fetch)));
        Assert.Equal("deny", Word(Rules([Allow("fetch", "*"), Deny("fetch", "*.example.org")]).Decide(PermissionMode.Auto, "fetch", fetch)));
        Assert.Equal("ask", Word(Rules([Allow("fetch", "example.org")]).Decide(PermissionMode.Auto, "fetch", fetch)));
        Assert.Equal("allow", Word(Rules(remembered: [Allow("fetch", "docs.example.org")]).Decide(PermissionMode.Auto, "fetch", fetch)));
    }

    [Fact]
    public void The_last_rule_that_matches_holds()
    {
        var rules = Rules([Deny("edit", "src/**"), Allow("edit", "src/gen/**"), Ask("*", "src/gen/keep.cs")]);

        Assert.Equal("deny", Word(rules.Decide(PermissionMode.Auto, "edit", s_edit)));
        Assert.Equal("allow", Word(rules.Decide(PermissionMode.Ask, "edit", s_edit with { Subject = "src/gen/b.cs" })));
        Assert.Equal("ask", Word(rules.Decide(PermissionMode.Auto, "edit", s_edit with { Subject = "src/gen/keep.cs" })));
        Assert.Equal("allow", Word(rules.Decide(PermissionMode.Auto, "write", s_edit)));
    }

    [Fact]
    public void A_refusal_tells_the_model_what_to_do()
    {
        var rules = Rules([Deny("read", ".env")]);

        Assert.Equal(
            new PermissionDecision.Deny("A rule of the user forbids 'read' for '.env'. Do not try it another way; go on without it."),
            rules.Decide(PermissionMode.Auto, "read", s_read with { Subject = ".env" }));
        Assert.Equal(
            new PermissionDecision.Deny("This session is in plan mode, which only reads: 'bash' is refused. Say what you would do instead."),
            rules.Decide(PermissionMode.Plan, "bash", s_execute));
    }

    [Fact]
    public void Plan_mode_is_not_widened_by_rules()
    {
        var rules = Rules([Allow("*", "*")], remembered: [Allow("bash", "make")]);

        Assert.Equal("deny", Word(rules.Decide(PermissionMode.Plan, "bash", s_execute)));
        Assert.Equal("allow", Word(rules.Decide(PermissionMode.Plan, "read", s_readOutside)));
    }

    [Theory]
    [InlineData("secrets/", "secrets/a/b", true)]
    [InlineData("secrets/", "secrets", true)]
    [InlineData("secrets/**", "secrets", true)]
    [InlineData("secrets/*", "secrets/a", true)]
    [InlineData("secrets/*", "secrets/a/b", false)]
    [InlineData("*", "any/where", true)]
    [InlineData("**", "any/where", true)]
    [InlineData("*.pem", "key.pem", true)]
    [InlineData("*.pem", "sub/key.pem", false)]
    [InlineData("**/*.pem", "key.pem", true)]
    [InlineData("**/*.pem", "a/b/key.pem", true)]
    [InlineData("**/*.pem", "/etc/ssl/key.pem", true)]
    [InlineData("/etc/**", "/etc/ssl/key.pem", true)]
    [InlineData("/etc/**", "etc/ssl", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("app/\\[id\\]/p", "app/[id]/p", true)]
    [InlineData("app/[id]/p", "app/i/p", true)]
    [InlineData("a/**/z", "a/z", true)]
    [InlineData("a/**/z/**/q", "a/1/z/2/z/3/q", true)]
    public void Patterns_for_paths(string pattern, string path, bool matches) =>
        Assert.Equal(matches ? "deny" : "allow", Word(Rules([Deny("edit", pattern)]).Decide(PermissionMode.Auto, "edit", s_edit with { Subject = path })));

    [Fact]
    public void What_is_remembered_answers_questions_but_lifts_no_refusal()
    {
        var remembered = new[] { Allow("bash", "make"), Allow("edit", "src/a.cs"), Deny("bash", "*") };
        var rules = Rules([Ask("edit", "*"), Deny("bash", "rm *")], remembered: [.. remembered, Allow("bash", "rm \\*")]);

        Assert.Equal("allow", Word(rules.Decide(PermissionMode.Ask, "bash", s_execute)));
        Assert.Equal("allow", Word(rules.Decide(PermissionMode.Edits, "edit", s_edit)));
        Assert.Equal("ask", Word(rules.Decide(PermissionMode.Ask, "edit", s_edit with { Subject = "src/b.cs" })));
        Assert.Equal("deny", Word(rules.Decide(PermissionMode.Ask, "bash", s_execute with { Subject = "rm *" })));
    }

    [Theory]
    [InlineData("git log --format='%h [*]?' \\n")]
    [InlineData("for f in *; do echo $(cat $f); done\nrm -rf build")]
    public void What_is_proposed_to_remember_matches_that_very_call_and_no_other(string command)
    {
        var intent = s_execute with { Subject = command };
        var ask = Assert.IsType<PermissionDecision.Ask>(Rules().Decide(PermissionMode.Ask, "bash", intent));
        var rules = Rules(remembered: [Allow("bash", ask.Pattern!)]);

        Assert.Equal("allow", Word(rules.Decide(PermissionMode.Ask, "bash", intent)));
        Assert.Equal("ask", Word(rules.Decide(PermissionMode.Ask, "bash", s_execute with { Subject = command + " x" })));
        Assert.Equal("ask", Word(rules.Decide(PermissionMode.Ask, "bash", s_execute with { Subject = command.Replace('*', 'x') })));
    }

    [Fact]
    public void An_untrusted_folder_s_rules_only_narrow()
    {
        var rules = Rules([Deny("bash", "rm *"), Ask("edit", "*")], narrowing: [Allow("*", "*"), Ask("bash", "*"), Deny("read", ".env")]);

        Assert.Equal("deny", Word(rules.Decide(PermissionMode.Auto, "bash", s_execute with { Subject = "rm x" })));
        Assert.Equal("ask", Word(rules.Decide(PermissionMode.Auto, "bash", s_execute)));
        Assert.Equal("ask", Word(rules.Decide(PermissionMode.Auto, "edit", s_edit)));
        Assert.Equal("deny", Word(rules.Decide(PermissionMode.Auto, "read", s_read with { Subject = ".env" })));
    }

    [Fact]
    public void What_is_met_on_a_walk_is_withheld_where_rules_are_stricter_than_about_the_folder()
    {
        var rules = Rules([Ask("read", "**/*.key"), Deny("grep", "secrets/")]);

        Assert.True(rules.Withholds(".", "a/b.key"));
        Assert.True(rules.Withholds(".", "secrets/x"));
        Assert.False(rules.Withholds(".", "a/b.txt"));
        Assert.False(Rules([Ask("*", "*")]).Withholds(".", "a.txt"));
    }

    private static PermissionRules Rules(
        IReadOnlyList<PermissionRule>? rules = null, IReadOnlyList<PermissionRule>? narrowing = null, IReadOnlyList<PermissionRule>? remembered = null) =>
        new(rules ?? [], narrowing ?? [], remembered ?? []);

    private static PermissionRule Allow(string tool, string pattern) => new(tool, pattern, RuleAction.Allow);
    private static PermissionRule Ask(string tool, string pattern) => new(tool, pattern, RuleAction.Ask);
    private static PermissionRule Deny(string tool, string pattern) => new(tool, pattern, RuleAction.Deny);

    private static string Word(PermissionDecision decision) => decision.GetType().Name.ToLowerInvariant();
}
