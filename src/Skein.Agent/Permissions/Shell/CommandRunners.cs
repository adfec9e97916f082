using System.Buffers;
using System.Text.RegularExpressions;

namespace Skein.Agent.Permissions.Shell;

/// <summary>Adds a simple command to a line, and what it is told to run.</summary>
/// <param name="depth">How many other scripts it stands in.</param>
internal sealed partial class CommandRunners(ShellLine line, int depth)
{
    // What they set or load changes what later commands are, or runs by itself.
    private static readonly HashSet<string> s_unclear = new(StringComparer.Ordinal)
    {
        "alias", "bind", "compgen", "complete", "compopt", "enable", "fc", "hash", "let", "mapfile", "readarray",
    };

    // They name a program, or a repository whose configuration names some.
    private static readonly string[] s_gitOptionsThatRun =
        ["--exec-path", "--exec", "--config-env", "--extcmd", "--upload-pack", "--receive-pack", "--open-files-in-pager", "--git-dir"];

    private static readonly SearchValues<char> s_expanding = SearchValues.Create("$`\\");

    public void Add(SimpleCommand command)
    {
        foreach (var assignment in command.Assignments)
            Assign(assignment.Raw, isForCommand: command.Words.Count > 0);

        if (command.Words.Count > 0)
            Add(command.Words, command, 0);
    }

    /// <param name="nested">How many commands run this one.</param>
    private void Add(IReadOnlyList<ShellWord> words, SimpleCommand command, int nested)
    {
        if (words.Count == 0 || nested > 32)
        {
            line.Doubt();
            return;
        }

        // The program's name itself turns out when it runs.
        var program = words[0].Text[(words[0].Text.LastIndexOf('/') + 1)..];
        if (!words[0].IsKnown || program.Length == 0)
            line.Doubt();
        if (s_unclear.Contains(program) || (program == "git" && GitRunsOthers(words)))
            line.Doubt();
        line.RunsFile(words[0]);

        if (program is "export" or "declare" or "typeset" or "readonly" or "local")
        {
            foreach (var word in words.Skip(1).Where(static w => w.Text.Contains('=', StringComparison.Ordinal)))
                Assign(word.Text, isForCommand: false);
        }

        if (program is "declare" or "typeset" or "local" && words.Any(static w => w.Text is ['-', ..] options && options.Contains('n')))
            line.Doubt();
        if (program is "read" or "getopts" || (program == "printf" && words.Count > 1 && words[1].Text.StartsWith("-v", StringComparison.Ordinal)))
        {
            foreach (var name in words.Skip(1).SelectMany(static w => VariableName().Matches(w.Text)))
                line.Sets(name.Value, null);
        }

        var isCarrier = program switch
        {
            "eval" => Run(string.Join(' ', words.Skip(1).Select(static w => w.Text))),
            "trap" => RunTrap(words),
            "." or "source" => RunFile(words.Skip(1).FirstOrDefault(static w => w.Text != "--"), command),
            "sh" or "bash" or "dash" or "ash" or "zsh" or "ksh" or "mksh" => RunShell(words, command),
            "csh" or "tcsh" or "fish" or "pwsh" => RunForeignShell(words, command),
            "find" => RunFound(words, command, nested, ["-exec", "-execdir", "-ok", "-okdir"]),
            "fd" or "fdfind" => RunFound(words, command, nested, ["-x", "-X", "--exec", "--exec-batch"]),
            "xargs" => RunWithInput(words, command, nested),
            _ => CommandRunner.Find(program) is { } runner && RunAfterOptions(runner, words, command, nested),
        };
        line.Add(ShellPiece.Of(words, nested == 0 ? command.Source : null, isCarrier));
    }

    private bool RunAfterOptions(CommandRunner runner, IReadOnlyList<ShellWord> words, SimpleCommand command, int nested)
    {
        var call = runner.Read(words);
        if (!call.IsClear)
            line.Doubt();

        foreach (var assignment in call.Assignments)
            Assign(assignment.Text, isForCommand: true);
        foreach (var script in call.Scripts)
            Run(script.Text);
        if (call.Command.Count > 0)
        {
            Add(call.Command, command, nested + 1);
            return runner.IsCarrier;
        }

        return runner.IsCarrier && call.Scripts.Count > 0;
    }

    private bool Run(string script)
    {
        if (script.Contains(ShellWord.Unknown, StringComparison.Ordinal))
            line.Doubt();
        line.Add(script, depth + 1);
        return true;
    }

    private bool RunTrap(IReadOnlyList<ShellWord> words)
    {
        var operands = words.Skip(1).Where(static w => w.Text is not ("--" or "-p" or "-l")).ToList();
        return operands.Count > 1 && operands[0].Text.Length > 0 && operands[0].Text != "-" && Run(operands[0].Text);
    }

    private bool RunFile(ShellWord? file, SimpleCommand command)
    {
        if (file is null || !file.IsKnown || file.Text.StartsWith("/dev/", StringComparison.Ordinal) || file.Text.StartsWith("/proc/", StringComparison.Ordinal))
            return RunInput(command);

        line.RunsFile(file);
        return false;
    }

    private bool RunInput(SimpleCommand command)
    {
        if (command.Input is { } here && (here.IsLiteral || !here.Text.AsSpan().ContainsAny(s_expanding)))
            return Run(here.Text);

        if (command.InputFile is { } file)
            line.RunsFile(file);
        else
            line.Doubt();
        if (command.Input is { } unsure)
            Run(unsure.Text);
        return false;
    }

    private bool RunForeignShell(IReadOnlyList<ShellWord> words, SimpleCommand command)
    {
        line.Doubt();
        RunShell(words, command);
        return false;
    }

    private bool RunShell(IReadOnlyList<ShellWord> words, SimpleCommand command)
    {
        var runs = false;
        var at = 1;
        for (; at < words.Count && words[at].Text is ['-' or '+', _, ..] option; at++)
        {
            if (!words[at].IsKnown || option is "--rcfile" or "--init-file")
                line.Doubt();
            if (option is "--version" or "--help")
                return false;
            if (option == "--")
            {
                at++;
                break;
            }

            if (option.StartsWith("--", StringComparison.Ordinal))
                continue;

            runs |= option[0] == '-' && option.Contains('c');
            if (option.Contains('o') || option.Contains('O'))
                at++;
        }

        if (!runs)
            return RunFile(words.Skip(at).FirstOrDefault(static w => w.Text != "-"), command);

        if (at < words.Count)
            return Run(words[at].Text);

        line.Doubt();
        return false;
    }

    private bool RunFound(IReadOnlyList<ShellWord> words, SimpleCommand command, int nested, string[] options)
    {
        for (var at = 1; at < words.Count; at++)
        {
            if (!options.Contains(words[at].Text))
                continue;

            var inner = words.Skip(at + 1).TakeWhile(static w => w.Text is not (";" or "+")).Select(static w => w.Filled("{}")).ToList();
            if (options[0] == "-x" && inner.All(static w => w.IsKnown))
                inner.Add(ShellWord.Any);
            Add(inner, command, nested + 1);
            at += inner.Count;
        }

        return false;
    }

    private bool RunWithInput(IReadOnlyList<ShellWord> words, SimpleCommand command, int nested)
    {
        var call = CommandRunner.Xargs.Read(words);
        if (!call.IsClear)
            line.Doubt();
        if (call.Command.Count == 0)
            return false;

        // Without a mark what is read comes at the end.
        var mark = CommandRunner.XargsMark(words);
        IReadOnlyList<ShellWord> inner = mark is null ? [.. call.Command, ShellWord.Any] : [.. call.Command.Select(w => w.Filled(mark))];
        Add(inner, command with { Input = null, InputFile = null }, nested + 1);
        return true;
    }

    private void Assign(string assignment, bool isForCommand)
    {
        var name = assignment[..assignment.AsSpan().IndexOfAny('=', '+', '[')];
        if (!isForCommand)
            line.Sets(name, assignment[(assignment.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        else if (ShellVariables.IsHeededBySome(name))
            line.Doubt();
    }

    private static bool GitRunsOthers(IReadOnlyList<ShellWord> words)
    {
        for (var at = 1; at + 1 < words.Count; at++)
        {
            var (word, next) = (words[at].Text, words[at + 1].Text);
            if ((word == "-c" && !HarmlessGitKey().IsMatch(next)) || word is "bisect" or "filter-branch" or "-x"
                || (word == "submodule" && next == "foreach"))
            {
                return true;
            }
        }

        return words.Any(static w => IsGitOptionThatRuns(w.Text)) || (words.Any(static w => w.Text == "grep") && words.Any(static w => GrepOptionThatPages().IsMatch(w.Text)));
    }

    // Git takes the beginning of an option for the option.
    private static bool IsGitOptionThatRuns(string word)
    {
        var name = word.AsSpan(0, word.IndexOf('=', StringComparison.Ordinal) is var end and >= 0 ? end : word.Length);
        foreach (var option in s_gitOptionsThatRun)
        {
            if (name.Length > 3 && option.AsSpan().StartsWith(name, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    [GeneratedRegex("^(user|color|advice|init|column)\\.|^(core\\.(quotepath|autocrlf|pager=(cat)?$)|safe\\.directory|commit\\.gpgsign=false)", RegexOptions.IgnoreCase)]
    private static partial Regex HarmlessGitKey();

    [GeneratedRegex("(?<=^(?:-v)?)[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex VariableName();

    [GeneratedRegex("^-[A-Za-z]*O")]
    private static partial Regex GrepOptionThatPages();
}
