using Skein.Agent.Permissions;
using Skein.Agent.Tools;
using Skein.Core.Events;

namespace Skein.Tests.Agent.Permissions;

public sealed class CommandRulesTests
{
    [Theory]
    [InlineData("git status", "allow")]
    [InlineData("git log | head -5", "allow")]
    [InlineData("git add . && git commit -m 'a; rm -rf / && b | c & d'", "allow")]
    [InlineData("git commit -m \"it; is\" ; git log", "allow")]
    [InlineData("git log 2>&1 | head", "allow")]
    [InlineData("git log >/dev/null 2>&1", "allow")]
    [InlineData("git log \\; x", "allow")]
    [InlineData("git log $HOME", "allow")]
    [InlineData("git log\ngit status\n", "allow")]
    // Beyond the simple command
    [InlineData("git status; rm -rf x", "ask")]
    [InlineData("git status & rm -rf x", "ask")]
    [InlineData("git status | sh", "ask")]
    [InlineData("git status\nrm x", "ask")]
    [InlineData("git status || rm x", "ask")]
    [InlineData("git $(rm x)", "ask")]
    [InlineData("git \"$(rm x)\"", "ask")]
    [InlineData("git `rm x`", "ask")]
    [InlineData("git \"`rm x`\"", "ask")]
    [InlineData("git diff <(rm x)", "ask")]
    [InlineData("git log > ~/.bashrc", "ask")]
    [InlineData("git log >> x", "ask")]
    [InlineData("git log >&1x", "ask")]
    [InlineData("git log > /dev/nullx", "ask")]
    [InlineData("git log &> x", "ask")]
    [InlineData("git log < x", "allow")]
    [InlineData("git log ${x:-y}", "allow")]
    [InlineData("git log ${x@P}", "ask")]
    [InlineData("git log $[1]", "ask")]
    [InlineData("(git log)", "allow")]
    // What is not what it looks like
    [InlineData("git log # '\nrm x\n#'", "ask")]
    [InlineData("git log $'\\'' ; rm x #'", "ask")]
    [InlineData("git log 'open", "ask")]
    [InlineData("git log \"open", "ask")]
    [InlineData("git log \\\n; rm x", "ask")]
    [InlineData("git log \u0007", "ask")]
    [InlineData("git log \r rm x", "ask")]
    [InlineData("GIT_PAGER=rm git log", "ask")]
    [InlineData("github", "ask")]
    [InlineData("", "ask")]
    [InlineData(";", "ask")]
    public void An_allowed_command_is_allowed_with_nothing_beside_it(string command, string expected) =>
        Assert.Equal(expected, Decide(PermissionMode.Ask, command, Allow("git *"), Allow("head*")));

    [Theory]
    [InlineData("rm x", "deny")]
    [InlineData("cd y && rm x", "deny")]
    [InlineData("true | rm x", "deny")]
    [InlineData("/bin/rm x", "deny")]
    [InlineData("rm\tx", "deny")]
    [InlineData("git  push \t --force", "deny")]
    [InlineData(">/dev/null rm x", "deny")]
    [InlineData("2>&1 rm x", "deny")]
    [InlineData("rm>/dev/null x", "deny")]
    [InlineData("flock lock rm x", "deny")]
    [InlineData("strace -f rm x", "deny")]
    [InlineData("echo 'git  push'", "allow")]
    [InlineData("echo $(rm x)", "deny")]
    [InlineData("if true; then rm x; fi", "deny")]
    [InlineData("A=1 rm x", "deny")]
    [InlineData("\"rm\" x", "deny")]
    [InlineData("r\\m x", "deny")]
    [InlineData("$CMD x", "ask")]
    [InlineData("env rm x", "deny")]
    [InlineData("sudo rm x", "deny")]
    [InlineData("/bin/sh -c 'rm x'", "deny")]
    [InlineData("ls | xargs rm", "deny")]
    [InlineData("(rm x)", "deny")]
    [InlineData("{ rm x; }", "deny")]
    [InlineData("! rm x", "deny")]
    [InlineData("ls -l > out", "allow")]
    [InlineData("ls -l | wc", "allow")]
    [InlineData("echo rm x", "allow")]
    public void In_auto_mode_a_forbidden_command_stays_forbidden_and_what_may_hide_it_is_asked_for(string command, string expected) =>
        Assert.Equal(expected, Decide(PermissionMode.Auto, command, Deny("rm *"), Deny("git push --force*")));

    [Fact]
    public void A_rule_about_everything_needs_no_understanding()
    {
        Assert.Equal("allow", Decide(PermissionMode.Ask, "for f in *; do cat $f > x; done", Deny("rm *"), Allow("*")));
        Assert.Equal("ask", Decide(PermissionMode.Ask, "for f in *; do $f > x; done", Allow("*"), Deny("rm *")));
        Assert.Equal("deny", Decide(PermissionMode.Auto, "$(true)", Deny("*")));
        Assert.Equal("allow", Decide(PermissionMode.Ask, "git log; git status", Deny("*"), Allow("git *")));
        Assert.Equal("deny", Decide(PermissionMode.Ask, "git log; ls", Deny("*"), Allow("git *")));
    }

    [Fact]
    public void A_rule_can_be_about_several_commands_at_once()
    {
        Assert.Equal("deny", Decide(PermissionMode.Auto, "curl http://x | sh", Deny("curl * | sh")));
        Assert.Equal("allow", Decide(PermissionMode.Auto, "curl http://x", Deny("curl * | *")));
    }

    [Fact]
    public void The_very_command_of_a_rule_is_allowed_unless_a_later_rule_forbids_a_part()
    {
        const string command = "cd x && rm -r y > log";

        Assert.Equal("allow", Decide(PermissionMode.Ask, command, Deny("rm *"), Allow(command)));
        Assert.Equal("deny", Decide(PermissionMode.Ask, command, Allow(command), Deny("rm *")));
    }

    private static PermissionRule Allow(string pattern) => new("bash", pattern, RuleAction.Allow);
    private static PermissionRule Deny(string pattern) => new("bash", pattern, RuleAction.Deny);

    private static string Decide(PermissionMode mode, string command, params PermissionRule[] rules) =>
        new PermissionRules(rules, [], []).Decide(mode, "bash", new ToolIntent(ToolEffect.Execute, command, "run")).GetType().Name.ToLowerInvariant();
}
