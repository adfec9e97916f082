using System.Runtime.Versioning;
using Skein.Agent.Permissions;
using Skein.Agent.Tools;
using Skein.Core.Events;
using Skein.Sandbox;
using Skein.Testing;

namespace Skein.Tests.Agent.Permissions;

/// <summary>Rules are about the commands that would run, however they are wrapped.</summary>
public sealed class WrappedCommandTests
{
    // `@` is what is wrapped.
    private static readonly string[] s_wrappings =
    [
        "true && @", "false || @", "true; @", "true | @", "true & @", "true\n@", "(@)", "( ( @ ) )", "{ @; }", "! @", "time @", "time -p @",
        "if true; then @; fi", "if false; then :; else @; fi", "if @; then :; fi", "while @; do break; done", "until ! @; do break; done",
        "for i in 1; do @; done", "case a in a) @;; esac", "case a in (b) :;; a|c) @;; esac", "f() { @; }; f", "function f { @; }; f",
        "echo \"$(@)\"", "echo `@`", "echo $(true; (@))", "echo ${x:-$(@)}", "x=$(@)", "cat <(@)", "true >(@)", "[[ -n $(@) ]]", "[ -n \"$(@)\" ]",
        "echo $(# )\n@)", "true # '\n@ #'", "cat <<EOF\n$(@)\nEOF", "cat <<EOF\nx\nEOF\n@", "cat <<'EOF'\n$(true)\nEOF\n@", "bash <<'EOF'\n@\nEOF", "sh <<-EOF\n\t@\n\tEOF",
        "cat <<A <<B; @\na\nA\nb\nB", "true 2>&1 && @", "true >/dev/null; @",
        "\\\n@", "true \\\n&& @", "coproc @", "X=1 @", "X=1 Y='2 3' @",
    ];

    // `@` is a simple command, its words.
    private static readonly string[] s_prefixes =
    [
        ">/dev/null @", "2>/dev/null @", "</dev/null @", "env @", "env -i PATH=\"$PATH\" @", "env -u HOME X=1 @", "env -- @", "/usr/bin/env @",
        "command @", "command -p -- @", "builtin command @", "exec @", "exec -a name @", "jobs -x @", "nohup @", "setsid -w @", "nice @", "nice -n 5 @", "nice -5 @", "ionice -c 3 @",
        "timeout 5 @", "timeout -s KILL -k 1 5 @", "timeout --signal=KILL 5s @", "stdbuf -oL @", "flock lock @", "nohup nice timeout 5 env X=1 @",
        "find . -maxdepth 0 -exec @ \\;", "find . -maxdepth 0 -execdir @ {} +", "echo x | xargs @", "echo x | xargs -n 1 -P 2 @", "echo x | xargs -I{} @ {}", "echo x | xargs -0 env @",
    ];

    // `@` is within single quotes of a script that a shell reads.
    private static readonly string[] s_scripts =
    [
        "bash -c '@'", "sh -c '@'", "/bin/sh -c '@'", "bash -lc '@'", "bash -e -o pipefail -c '@' name", "bash --norc -c '@'", "eval '@'", "eval true '&&' '@'", "bash <<< '@'", "env bash -c '@'",
        "echo x | xargs sh -c '@' --", "find . -maxdepth 0 -exec sh -c '@' {} \\;", "timeout 5 bash -c '@'", "flock lock -c '@'", "bash -c \"bash -c '@'\"", "env -S '@'", "trap '@' EXIT", "exec bash -c '@'",
    ];

    public static TheoryData<string> Wrappings => [.. s_wrappings, .. s_prefixes, .. s_scripts];

    [Theory]
    [MemberData(nameof(Wrappings))]
    public void A_forbidden_command_is_refused_in_every_wrapping_also_where_all_others_are_allowed(string wrapping)
    {
        Assert.Equal("deny", Decide(PermissionMode.Auto, Fill(wrapping, "forbidden a"), Deny("forbidden *")));
        Assert.Equal("deny", Decide(PermissionMode.Auto, Fill(wrapping, "/usr/bin/forbidden a"), Deny("forbidden *")));
        Assert.Equal("deny", Decide(PermissionMode.Auto, Fill(wrapping, "forbidden a"), Allow("*"), Deny("forbidden *")));
        Assert.NotEqual("allow", Decide(PermissionMode.Ask, Fill(wrapping, "forbidden a"), [.. Others]));
    }

    // Else the wrappings above would show nothing.
    [Theory]
    [MemberData(nameof(Wrappings))]
    [UnsupportedOSPlatform("windows")]
    public async Task Bash_does_run_what_is_wrapped(string wrapping)
    {
        using var folder = new TempFolder();
        var bin = Directory.CreateDirectory(Path.Combine(folder.Path, "bin")).FullName;
        var (program, ran) = (Path.Combine(bin, "forbidden"), Path.Combine(folder.Path, "ran"));

        // A link: what was just written cannot be run while a child of another test begins and still has the file open.
        File.CreateSymbolicLink(program, "/usr/bin/touch");
        var environment = new Dictionary<string, string> { ["PATH"] = $"{bin}:/usr/bin:/bin", ["HOME"] = folder.Path };

        // `command -p` and shells of a login look where the system's own programs are.
        var command = wrapping.Contains(" -p ", StringComparison.Ordinal) || wrapping.Contains("-lc", StringComparison.Ordinal) ? $"{program} {ran}" : $"forbidden {ran}";
        var start = new ChildStart("/bin/bash", ["-c", Fill(wrapping, command) + "\nwait"], folder.Path, environment) { Output = ChildOutput.Merged };
        await using var child = ChildProcess.Start(start);
        var said = await new StreamReader(child.Output).ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitAsync(TestContext.Current.CancellationToken);

        Assert.True(File.Exists(ran), said);
    }

    [Fact]
    public void Wrappings_in_wrappings_never_make_a_forbidden_command_one_that_nobody_is_asked_about()
    {
        var random = new Random(5);
        var allowed = new List<string>();
        for (var round = 0; round < Rounds.Of(20_000); round++)
        {
            var command = "forbidden a";
            var isSimple = true;
            for (var depth = random.Next(1, 6); depth > 0; depth--)
            {
                var kind = random.Next(isSimple ? 3 : 2);
                var among = kind switch { 0 => s_scripts, 1 => s_wrappings, _ => s_prefixes };
                var wrapping = among[random.Next(among.Length)];

                // Behind `<<A` on the same line, the next lines would be the text and no command; backticks in backticks end them; `;` ends what find runs.
                if ((wrapping.Contains("<<A", StringComparison.Ordinal) && command.Contains('\n')) || (wrapping.Contains('`') && command.Contains('`'))
                    || (wrapping.StartsWith("find", StringComparison.Ordinal) && command.Contains(';')))
                {
                    continue;
                }

                command = Fill(wrapping, command);
                isSimple = kind != 1 && !wrapping.Contains('|');
            }

            if (Decide(PermissionMode.Auto, command, Allow("*"), Deny("forbidden *")) == "allow" || Decide(PermissionMode.Ask, command, [.. Others]) == "allow")
                allowed.Add(command);
        }

        Assert.True(allowed.Count == 0, string.Join("\n---\n", allowed.Take(5)));
    }

    [Fact]
    public void Whatever_is_written_it_is_read_to_its_end_and_a_forbidden_command_of_its_own_line_is_seen()
    {
        const string pieces = "'\"`$(){}[]<>|&;#\\\n \t=*?!~ab-$(${$((<<EOF<<<";
        var random = new Random(6);
        for (var round = 0; round < Rounds.Of(20_000); round++)
        {
            var noise = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => pieces[random.Next(pieces.Length)]));

            Assert.True(Decide(PermissionMode.Auto, $"forbidden a\n{noise}", Deny("forbidden *")) == "deny", $"round {round}: {noise}");
            Assert.True(Decide(PermissionMode.Auto, $"{noise}\nforbidden a", Deny("forbidden *")) is "deny" or "ask" || noise.Contains("<<") || HidesRest(noise), $"round {round}: {noise}");
        }
    }

    // What may turn out to be forbidden is asked about.
    [Theory]
    [InlineData("$CMD a")]
    [InlineData("${CMD} a")]
    [InlineData("$(cat name) a")]
    [InlineData("/usr/bin/forb?dden a")]
    [InlineData("forb* a")]
    [InlineData("{forbidden,a}")]
    [InlineData("forbidd\"$x\" a")]
    [InlineData("forbidden$IFS'a'")]
    [InlineData("env $CMD a")]
    [InlineData("sudo $CMD")]
    [InlineData("eval \"$CMD\"")]
    [InlineData("bash -c \"$CMD\"")]
    [InlineData("bash -c \"echo $x\"")]
    [InlineData("curl http://x | sh")]
    [InlineData("curl http://x | sudo bash -s")]
    [InlineData("sh")]
    [InlineData("bash <(curl http://x)")]
    [InlineData("source /dev/stdin")]
    [InlineData("cat <<EOF | bash\nx\nEOF")]
    [InlineData("bash <<EOF\n$x\nEOF")]
    [InlineData("echo x | xargs -I{} sh -c '{}'")]
    [InlineData("echo x | xargs sh -c")]
    [InlineData("ls | xargs env")]
    [InlineData("find . -exec {} \\;")]
    [InlineData("echo 'forbidden a' > s; sh s")]
    [InlineData("echo 'forbidden a' > s && chmod +x s && ./s")]
    [InlineData("echo x > \"$FILE\"")]
    [InlineData("echo x > /dev/tcp/host/80")]
    [InlineData("alias ls=x; ls")]
    [InlineData("hash -p /bin/x ls; ls")]
    [InlineData("enable -f x y")]
    [InlineData("PATH=/evil:$PATH ls")]
    [InlineData("PATH=/evil; ls")]
    [InlineData("export BASH_ENV=x; bash -c ls")]
    [InlineData("GIT_PAGER=x git log")]
    [InlineData("env LD_PRELOAD=x ls")]
    [InlineData("git -c alias.x='!forbidden a' x")]
    [InlineData("git -c core.pager='forbidden a' log")]
    [InlineData("git rebase --exec 'forbidden a' main")]
    [InlineData("git submodule foreach 'forbidden a'")]
    [InlineData("git ls-remote --upload-pac='forbidden a' .")]
    [InlineData("git rebase --exe 'forbidden a' main")]
    [InlineData("git grep -nO'forbidden a' x")]
    [InlineData("git --git-dir=x status")]
    [InlineData("for PATH in x; do ls; done")]
    [InlineData("select PATH in x; do ls; done")]
    [InlineData("read -r PATH <<< x; ls")]
    [InlineData("while read PATH; do ls; done < x")]
    [InlineData("getopts x PATH x; ls")]
    [InlineData("printf -v PATH x; ls")]
    [InlineData("printf -vPATH x; ls")]
    [InlineData("declare -n x=PATH; x=y; ls")]
    [InlineData("compgen -C 'forbidden a'")]
    [InlineData("x='a[$(forbidden a)]'; echo $((x))")]
    [InlineData("x='a[$(forbidden a)]'; echo ${y:x}")]
    [InlineData("x='a[$(forbidden a)]'; echo ${y[x]}")]
    [InlineData("x='a[$(forbidden a)]'; echo ${y:0:x}")]
    [InlineData("read -r x < f; echo $((x + 1))")]
    [InlineData("for x in 'a[$(forbidden a)]'; do echo $((x)); done")]
    [InlineData("x='a[$(forbidden a)]'; declare -i y; y=x")]
    [InlineData("x='a[$(forbidden a)]'; y[x]=1")]
    [InlineData("unset 'a[$(forbidden a)]'")]
    [InlineData("read -r 'a[$(forbidden a)]' < f")]
    [InlineData("wait -p 'a[$(forbidden a)]'")]
    [InlineData("exec {PATH}>f; ls")]
    [InlineData("x=$(<f); echo $((x))")]
    [InlineData("x=$(<f); for y in $x; do echo $((y)); done")]
    [InlineData("x=$(<f); y=x; echo $((y))")]
    [InlineData("declare x=$(<f); echo $((1 + x))")]
    [InlineData("systemd-run --user x")]
    [InlineData("parallel x ::: a")]
    [InlineData("timeout --unheard-of 5 x")]
    [InlineData("[[ 'a[$(forbidden a)]' -eq 1 ]]")]
    [InlineData("test -v 'a[$(forbidden a)]'")]
    [InlineData("printf -v 'a[`forbidden a`]' x")]
    [InlineData("echo ${x@P}")]
    [InlineData("echo ${!x}")]
    [InlineData("echo $[x]")]
    [InlineData("(( x ))")]
    [InlineData("a=(x y)")]
    [InlineData("su -")]
    [InlineData("sudo -s")]
    [InlineData("fish -c x")]
    [InlineData("echo 'open")]
    [InlineData("echo $(open")]
    [InlineData("cat <<EOF\nopen")]
    public void What_cannot_be_told_is_asked_about_in_auto_too(string command)
    {
        Assert.Equal("ask", Decide(PermissionMode.Auto, command, Deny("forbidden *")));
        Assert.Equal("ask", Decide(PermissionMode.Auto, command, Allow("*"), Deny("forbidden *")));
        Assert.Equal("ask", Decide(PermissionMode.Ask, command, [.. Others]));
    }

    [Theory]
    [InlineData("echo forbidden a")]
    [InlineData("echo 'x; forbidden a'")]
    [InlineData("echo \"x && forbidden a\"")]
    [InlineData("echo x # ; forbidden a")]
    [InlineData("echo \\; forbidden a")]
    [InlineData("grep -rn 'forbidden a' src")]
    [InlineData("git commit -m 'forbidden a'")]
    [InlineData("git commit -m \"$(cat <<'EOF'\nforbidden a\nEOF\n)\"")]
    [InlineData("cat <<'EOF'\nforbidden a\nEOF")]
    [InlineData("forbiddenly a")]
    [InlineData("for f in *.cs; do wc -l \"$f\"; done")]
    [InlineData("cd src && ls -la | head -5 2>/dev/null")]
    [InlineData("git diff main...HEAD -- '*.cs' | wc -l")]
    [InlineData("find . -name '*.cs' -exec grep -l x {} +")]
    [InlineData("find . -name '*.tmp' | xargs wc -l")]
    [InlineData("timeout 60 dotnet test")]
    [InlineData("CI=1 npm test")]
    [InlineData("env NO_COLOR=1 npm test")]
    [InlineData("make -j$(nproc) 2>&1 | tail -20")]
    [InlineData("bash scripts/build.sh")]
    [InlineData("bash -c 'ls; wc x'")]
    [InlineData("./run.sh > out.txt 2>&1")]
    [InlineData("if [ -f x ]; then cat x; else echo none; fi")]
    [InlineData("case $1 in a) ls;; *) wc x;; esac")]
    [InlineData("while read -r l; do echo \"$l\"; done < list")]
    [InlineData("f() { ls; }; f")]
    [InlineData("i=0; echo $((i + 1)) ${#i} ${i:-0}")]
    [InlineData("i=1; while [ $i -lt 9 ]; do i=$((i * 2)); echo \"$i\"; done; for j in 1 2 {3..5}; do echo $((j * i)); done")]
    [InlineData("n=0; for f in *.txt; do n=$((n + 1)); cat \"$f\"; done")]
    [InlineData("[[ -n $x && $y == a* ]] && echo yes")]
    [InlineData("source .venv/bin/activate && pytest")]
    [InlineData("git -c color.ui=never log")]
    [InlineData("git diff --ext-diff -Oorder && git clean -n --exclude=x")]
    [InlineData("jobs; jobs -l")]
    [InlineData("printf -v x '%s' y; read -r -p 'Go on? ' answer")]
    [InlineData("command -v dotnet")]
    [InlineData("diff <(ls a) <(ls b)")]
    public void What_runs_nothing_that_is_forbidden_is_not_held(string command)
    {
        Assert.Equal("allow", Decide(PermissionMode.Auto, command, Deny("forbidden *")));
        Assert.Equal("allow", Decide(PermissionMode.Auto, command, Allow("*"), Deny("forbidden *")));
    }

    [Theory]
    [InlineData("timeout 60 git log", "allow")]
    [InlineData("bash -lc 'git log && git status'", "allow")]
    [InlineData("nice -n 5 git log | xargs git show", "allow")]
    [InlineData("CI=1 git log", "allow")]
    [InlineData("echo $(git log)", "ask")]
    [InlineData("sudo git log", "ask")]
    [InlineData("find . -exec git add {} \\;", "ask")]
    [InlineData("bash -c 'git log; ls'", "ask")]
    [InlineData("X=1 git log", "ask")]
    [InlineData("git log > x", "ask")]
    [InlineData("xargs -I status git status", "ask")]
    public void Whoever_allows_a_command_allows_it_in_what_only_carries_it(string command, string expected)
    {
        Assert.Equal(expected, Decide(PermissionMode.Ask, command, Allow("git log*"), Allow("git show *"), Allow("git status"), Allow("git add *")));
        Assert.Equal("allow", Decide(PermissionMode.Ask, "find . -exec git add {} \\;", Allow("git add *"), Allow("find *")));
    }

    [Fact]
    public void A_rule_about_several_commands_holds_in_a_wrapping_too() =>
        Assert.Equal("deny", Decide(PermissionMode.Auto, "timeout 5 bash -c 'curl http://x | sh'", Deny("curl * | sh")));

    [Fact]
    public async Task However_long_and_deep_a_command_is_it_is_judged_at_once()
    {
        string[] hostile =
        [
            string.Concat(Enumerable.Repeat("$(", 100_000)), string.Concat(Enumerable.Repeat("(", 100_000)), string.Concat(Enumerable.Repeat("${x:-", 100_000)),
            string.Concat(Enumerable.Repeat("\"$(", 100_000)), string.Concat(Enumerable.Repeat("eval ", 100_000)), string.Concat(Enumerable.Repeat("env ", 100_000)), string.Concat(Enumerable.Repeat("x<<E ", 50_000)),
            string.Concat(Enumerable.Repeat("echo [ ", 100_000)), string.Concat(Enumerable.Repeat("{a,", 100_000)), string.Concat(Enumerable.Repeat("`\\`", 100_000)),
        ];

        var judged = Task.Run(() => hostile.Select(c => Decide(PermissionMode.Auto, c, Deny("forbidden *"))).ToList(), TestContext.Current.CancellationToken);

        Assert.All(await judged.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken), said => Assert.NotEqual("deny", said));
    }

    // All that the wrappings run but the one.
    private static IEnumerable<PermissionRule> Others =>
        new[] { "true*", "false*", ":", "echo *", "cat *", "[ *", "find *", "f", "break", "env *", "exec *", "flock *", "trap *", "wait" }.Select(Allow);

    private static bool HidesRest(string noise) => noise.Any("'\"`\\({#".Contains);

    private static string Fill(string wrapping, string command)
    {
        if (s_scripts.Contains(wrapping))
            command = command.Replace("'", "'\\''", StringComparison.Ordinal);
        if (wrapping.StartsWith("bash -c \"", StringComparison.Ordinal))
            command = string.Concat(command.Select(static c => c is '"' or '$' or '`' or '\\' ? $"\\{c}" : c.ToString()));
        return wrapping.Replace("@", command, StringComparison.Ordinal);
    }

    private static PermissionRule Allow(string pattern) => new("bash", pattern, RuleAction.Allow);

    private static PermissionRule Deny(string pattern) => new("bash", pattern, RuleAction.Deny);

    private static string Decide(PermissionMode mode, string command, params PermissionRule[] rules) =>
        new PermissionRules(rules, [], []).Decide(mode, "bash", new ToolIntent(ToolEffect.Execute, command, "run")).GetType().Name.ToLowerInvariant();
}
