namespace Skein.Agent.Permissions.Shell;

/// <summary>A program that runs the command it is given behind its own options.</summary>
/// <param name="Flags">Its options of a letter.</param>
/// <param name="WithValue">Those that take a value, which may be the next word.</param>
/// <param name="Long">Its long options; those with a value that may be the next word end in '='.</param>
/// <param name="Operands">How many words of its own stand before the command.</param>
internal sealed record CommandRunner(string Flags = "", string WithValue = "", string[]? Long = null, int Operands = 0)
{
    /// <summary>It changes nothing about the command that matters to rules: whoever allows that allows it run this way.</summary>
    public bool IsCarrier { get; init; }

    public bool TakesAssignments { get; init; }

    /// <summary>Its option for a script; '\0': none.</summary>
    public char Script { get; init; }

    /// <summary>That option may stand behind other words.</summary>
    public bool TakesScriptAnywhere { get; init; }

    /// <summary>The words are put together and read by a shell.</summary>
    public bool JoinsWords { get; init; }

    /// <summary>Its options are not known well enough.</summary>
    public bool IsUnclear { get; init; }

    public static CommandRunner Xargs { get; } = new(
        "0oprtxeil", "adEILnPs",
        ["--null", "--no-run-if-empty", "--interactive", "--verbose", "--exit", "--open-tty", "--replace", "--eof", "--arg-file=", "--delimiter=", "--max-args=", "--max-chars=", "--max-lines=", "--max-procs="]) { IsCarrier = true };

    private static readonly Dictionary<string, CommandRunner> s_all = new(StringComparer.Ordinal)
    {
        ["builtin"] = new() { IsCarrier = true },
        ["command"] = new("pvV") { IsCarrier = true },
        ["exec"] = new("cl", "a") { IsCarrier = true },
        ["jobs"] = new("lnprsx") { IsCarrier = true },
        ["nohup"] = new() { IsCarrier = true },
        ["setsid"] = new("cfw", Long: ["--ctty", "--fork", "--wait"]) { IsCarrier = true },
        ["nice"] = new("0123456789", "n", ["--adjustment="]) { IsCarrier = true },
        ["ionice"] = new("t", "cn", ["--class=", "--classdata=", "--ignore"]) { IsCarrier = true },
        ["timeout"] = new("fpv", "ks", ["--foreground", "--preserve-status", "--verbose", "--signal=", "--kill-after="], 1) { IsCarrier = true },
        ["stdbuf"] = new("", "ioe", ["--input=", "--output=", "--error="]) { IsCarrier = true },
        ["time"] = new("apvq", "fo", ["--portability", "--verbose", "--quiet", "--append", "--format=", "--output="]) { IsCarrier = true },
        ["busybox"] = new() { IsCarrier = true },
        ["toybox"] = new() { IsCarrier = true },
        ["env"] = new("i0v", "uCS", ["--ignore-environment", "--null", "--debug", "--unset=", "--chdir=", "--split-string="]) { IsCarrier = true, TakesAssignments = true, Script = 'S' },
        ["sudo"] = new("AbEeHiKklnPSsVvN", "ugpCDhRTUrt", ["--user=", "--group=", "--prompt=", "--chdir=", "--host=", "--preserve-env", "--non-interactive", "--stdin", "--login", "--shell", "--set-home"]) { TakesAssignments = true },
        ["doas"] = new("nsL", "uCa"),
        ["su"] = new("lmpfP", "gGsw") { Script = 'c', TakesScriptAnywhere = true },
        ["runuser"] = new("lmpfP", "gGswu") { Script = 'c', TakesScriptAnywhere = true },
        ["pkexec"] = new("", "", ["--user=", "--disable-internal-agent", "--keep-cwd"]),
        ["chroot"] = new("", "", ["--userspec=", "--groups=", "--skip-chdir"], 1),
        ["taskset"] = new("acp", "", ["--all-tasks", "--cpu-list", "--pid"], 1) { IsCarrier = true },
        ["chrt"] = new("abdfoirvmRp", "TPD", null, 1),
        ["flock"] = new("sxeunoF", "wEc", ["--shared", "--exclusive", "--unlock", "--nonblock", "--close", "--no-fork", "--verbose", "--timeout=", "--conflict-exit-code=", "--command="], 1) { IsCarrier = true, Script = 'c' },
        ["watch"] = new("bcdegptxqr", "nq", ["--beep", "--color", "--differences", "--errexit", "--chgexit", "--precise", "--no-title", "--exec", "--interval="]) { IsCarrier = true, JoinsWords = true },
        ["strace"] = new("fFcCdhiqrtTvVxyYzZkDnw", "eoEpsaIPuSbOX"),
        ["ltrace"] = new("fcCDhiLrStTV", "aeAFlnopsuxX"),
        ["script"] = new("aefqrt", "IOBTEmo") { Script = 'c', TakesScriptAnywhere = true },
        ["fakeroot"] = new("uhv", "lsib") { IsCarrier = true },
    };

    // What they take before the command is not told here: whoever forbids commands is asked.
    private static readonly HashSet<string> s_others = new(StringComparer.Ordinal)
    {
        "at", "batch", "parallel", "unshare", "nsenter", "setarch", "linux32", "linux64", "setpriv", "prlimit", "systemd-run", "bwrap", "firejail", "proot",
        "gosu", "su-exec", "chpst", "setuidgid", "unbuffer", "expect", "rlwrap", "numactl", "cpulimit", "valgrind", "gdb", "lldb", "perf", "hyperfine", "entr",
        "watchexec", "xvfb-run", "dbus-run-session", "ssh-agent", "start-stop-daemon", "daemonize", "tmux", "screen", "dtach", "abduco", "caffeinate", "arch", "crontab",
    };

    private static readonly CommandRunner s_unclear = new() { IsUnclear = true };

    /// <param name="program">Without its folder.</param>
    public static CommandRunner? Find(string program) => s_all.GetValueOrDefault(program) ?? (s_others.Contains(program) ? s_unclear : null);

    /// <summary>What stands for the input in the words behind; null: it comes at the end.</summary>
    public static string? XargsMark(IReadOnlyList<ShellWord> words)
    {
        for (var at = 1; at < words.Count && words[at].Text is ['-', ..] option; at++)
        {
            if (option == "-I")
                return at + 1 < words.Count ? words[at + 1].Text : null;
            if (option.StartsWith("-I", StringComparison.Ordinal))
                return option[2..];
            if (option is "-i" or "--replace")
                return "{}";
            if (option.StartsWith("-i", StringComparison.Ordinal) || option.StartsWith("--replace=", StringComparison.Ordinal))
                return option[(option[1] == 'i' ? 2 : 10)..];
        }

        return null;
    }

    /// <param name="words">Its name first.</param>
    public Call Read(IReadOnlyList<ShellWord> words)
    {
        var call = new Call { IsClear = !IsUnclear };
        if (TakesScriptAnywhere && ScriptIn(words) is { } script)
        {
            call.Scripts.Add(script);
            return call;
        }

        call.IsClear &= !TakesScriptAnywhere;
        var at = ReadOptions(words, 1, call);
        for (var left = Operands; left > 0 && at < words.Count; left--)
            at = ReadOptions(words, at + 1, call, onlyScript: true);
        while (TakesAssignments && at < words.Count && words[at].Text.IndexOf('=', StringComparison.Ordinal) > 0)
            call.Assignments.Add(words[at++]);

        var rest = words.Skip(at).ToList();
        if (JoinsWords && rest.Count > 0)
            call.Scripts.Add(ShellWord.Literal(string.Join(' ', rest.Select(static w => w.Text))));
        else if (!call.IsNothing && (call.Scripts.Count == 0 || Script != 'c'))
            call.Command = rest;

        // Without a command some run a shell that reads its input; what `env -S` splits goes on with the words behind.
        var runsNothing = call.IsNothing || (IsCarrier && Script != 'c' && call.Command.Count == 0);
        call.IsClear &= runsNothing || call.Command.Count + call.Scripts.Count > 0;
        call.IsClear &= Script != 'S' || call.Scripts.Count == 0;
        return call;
    }

    private static ShellWord? ScriptIn(IReadOnlyList<ShellWord> words)
    {
        for (var at = 1; at < words.Count; at++)
        {
            if (words[at].Text is ['-', not '-', .., 'c'] or "-c" or "--command" && at + 1 < words.Count)
                return words[at + 1];
            if (words[at].Text.StartsWith("--command=", StringComparison.Ordinal))
                return ShellWord.Literal(words[at].Text[10..]);
        }

        return null;
    }

    private int ReadOptions(IReadOnlyList<ShellWord> words, int at, Call call, bool onlyScript = false)
    {
        while (at < words.Count && words[at].Text is ['-', _, ..] option && (!onlyScript || option is "-c" or "--command"))
        {
            // What only turns out later may be an option, its value, or the command.
            call.IsClear &= words[at].IsKnown;
            at++;
            if (option == "--")
                break;

            at = option.StartsWith("--", StringComparison.Ordinal) ? ReadLong(option, words, at, call) : ReadCluster(option, words, at, call);
        }

        return at;
    }

    private int ReadLong(string option, IReadOnlyList<ShellWord> words, int at, Call call)
    {
        var equals = option.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? option : option[..equals];
        var takesValue = Long?.Contains(name + "=") ?? false;
        call.IsClear &= takesValue || (Long?.Contains(name) ?? false) || name is "--help" or "--version";
        call.IsNothing |= name is "--help" or "--version";
        var isScript = name is "--command" or "--split-string";
        if (equals >= 0 && isScript)
            call.Scripts.Add(ShellWord.Literal(option[(equals + 1)..]));
        if (equals >= 0 || !takesValue)
            return at;

        if (isScript && at < words.Count)
            call.Scripts.Add(words[at]);
        return at + 1;
    }

    private int ReadCluster(string option, IReadOnlyList<ShellWord> words, int at, Call call)
    {
        for (var i = 1; i < option.Length; i++)
        {
            if (WithValue.Contains(option[i]))
            {
                var value = i + 1 < option.Length ? ShellWord.Literal(option[(i + 1)..]) : at < words.Count ? words[at++] : null;
                if (option[i] == Script && value is not null)
                    call.Scripts.Add(value);
                break;
            }

            call.IsClear &= Flags.Contains(option[i]);
            call.IsNothing |= option[i] is 'v' or 'V' && ReferenceEquals(this, s_all["command"]);

            // Their value, if any, is in the same word.
            if (ReferenceEquals(this, Xargs) && option[i] is 'e' or 'i' or 'l')
                break;
        }

        return at;
    }

    /// <summary>What it was told.</summary>
    public sealed class Call
    {
        public List<ShellWord> Assignments { get; } = [];
        public List<ShellWord> Scripts { get; } = [];
        public IReadOnlyList<ShellWord> Command { get; set; } = [];

        /// <summary>Its words were understood.</summary>
        public bool IsClear { get; set; }

        /// <summary>It runs nothing.</summary>
        public bool IsNothing { get; set; }
    }
}
