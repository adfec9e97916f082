using System.CommandLine;
using System.CommandLine.Completions;
using System.Text;

namespace Skein.Cli.Commands;

/// <summary>Scripts that complete commands and options, made from the tree of commands. They ask no server, so that a key stays quick.</summary>
internal static class Completions
{
    public static string Bash(RootCommand root)
    {
        var text = new StringBuilder("# bash completion for skein; made by 'skein completion bash'\n_skein() {\n");
        text.Append("  local cur=\"${COMP_WORDS[COMP_CWORD]}\" path=skein word words\n");
        text.Append("  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case \"$path $word\" in\n");
        text.Append("      ").AppendJoin('|', Paths(root).Where(p => p.Path != "skein").Select(p => $"\"{p.Path}\"")).Append(") path=\"$path $word\" ;;\n    esac\n  done\n");
        text.Append("  case \"$path\" in\n");
        foreach (var (path, command) in Paths(root))
            text.Append($"    \"{path}\") words=\"{string.Join(' ', Words(command, root).Select(w => w.Name))}\" ;;\n");
        text.Append("  esac\n");
        AppendValues(text, root, "$path ${COMP_WORDS[COMP_CWORD-1]}", values => $"words=\"{string.Join(' ', values)}\"");

        // A name that begins with no dash may be a file, as in import and --output.
        return text.Append("  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o bashdefault -o default -F _skein skein\n").ToString();
    }

    public static string Zsh(RootCommand root)
    {
        var text = new StringBuilder("#compdef skein\n# zsh completion for skein; made by 'skein completion zsh'\n_skein() {\n");
        text.Append("  local path_=skein word\n  local -a words_\n  for word in \"${(@)words[2,CURRENT-1]}\"; do\n    case \"$path_ $word\" in\n");
        text.Append("      ").AppendJoin('|', Paths(root).Where(p => p.Path != "skein").Select(p => $"'{p.Path}'")).Append(") path_=\"$path_ $word\" ;;\n    esac\n  done\n");
        text.Append("  case \"$path_\" in\n");
        foreach (var (path, command) in Paths(root))
        {
            text.Append($"    '{path}') words_=(\n");
            foreach (var (name, description) in Words(command, root))
                text.Append($"      '{name.Replace(":", "\\:", StringComparison.Ordinal)}:{description.Replace("'", "'\\''", StringComparison.Ordinal)}'\n");
            text.Append("    ) ;;\n");
        }

        text.Append("  esac\n");
        AppendValues(text, root, "$path_ ${words[CURRENT-1]}", values => $"words_=({string.Join(' ', values)})");
        return text.Append("  _describe -t skein skein words_ || _files\n}\nif [ \"$funcstack[1]\" = _skein ]; then _skein \"$@\"; else compdef _skein skein; fi\n").ToString();
    }

    public static string Fish(RootCommand root)
    {
        var text = new StringBuilder("# fish completion for skein; made by 'skein completion fish'\n");
        foreach (var (path, command) in Paths(root))
        {
            var steps = path.Split(' ')[1..];
            var here = steps.Select(s => $"__fish_seen_subcommand_from {s}").ToList();
            var below = string.Join(' ', command.Subcommands.Select(c => c.Name));
            if (below.Length > 0)
                here.Add($"not __fish_seen_subcommand_from {below}");
            var when = here.Count == 0 ? "" : $" -n '{string.Join("; and ", here)}'";
            foreach (var sub in command.Subcommands)
                text.Append($"complete -c skein -f{when} -a {sub.Name} -d {Quoted(sub.Description)}\n");
            foreach (var option in Options(command, root))
            {
                text.Append($"complete -c skein{when}");
                foreach (var name in Names(option))
                    text.Append(name.StartsWith("--", StringComparison.Ordinal) ? $" -l {name[2..]}" : $" -s {name[1..]}");
                text.Append($"{(ValuesOf(option) is not { } values ? "" : values.Length == 0 ? " -r" : $" -x -a '{string.Join(' ', values)}'")} -d {Quoted(option.Description)}\n");
            }
        }

        return text.ToString();

        static string Quoted(string? description) => $"'{Line(description).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
    }

    /// <summary>Every command with its path: <c>skein</c>, <c>skein ls</c>, <c>skein auth set</c> …</summary>
    public static IEnumerable<(string Path, Command Command)> Paths(Command command, string path = "skein") =>
        command.Subcommands.SelectMany(c => Paths(c, $"{path} {c.Name}")).Prepend((path, command));

    private static IEnumerable<(string Name, string Description)> Words(Command command, RootCommand root) =>
        command.Subcommands.Select(c => (c.Name, Line(c.Description)))
            .Concat(Options(command, root).SelectMany(o => Names(o).Select(n => (n, Line(o.Description)))));

    private static IEnumerable<Option> Options(Command command, RootCommand root) =>
        command.Options.Concat(command is RootCommand ? [] : root.Options.Where(o => o.Recursive)).Where(o => !o.Hidden).DistinctBy(o => o.Name);

    /// <summary>Behind an option that takes a value come its values, else files, and no other option.</summary>
    private static void AppendValues(StringBuilder text, RootCommand root, string before, Func<string[], string> assign)
    {
        text.Append($"  case \"{before}\" in\n");
        foreach (var (path, command) in Paths(root))
        {
            foreach (var option in Options(command, root))
            {
                if (ValuesOf(option) is { } values)
                    text.Append("    ").AppendJoin('|', Names(option).Select(n => $"\"{path} {n}\"")).Append($") {assign(values)} ;;\n");
            }
        }

        text.Append("  esac\n");
    }

    private static IEnumerable<string> Names(Option option) => option.Aliases.Append(option.Name).Where(n => n.StartsWith('-')).Order(StringComparer.Ordinal);

    /// <returns>Null: it takes none; empty: any.</returns>
    private static string[]? ValuesOf(Option option) =>
        option.Arity.MinimumNumberOfValues > 0 && option.ValueType != typeof(bool) ? [.. option.GetCompletions(CompletionContext.Empty).Select(c => c.Label)] : null;

    private static string Line(string? description) => (description ?? "").ReplaceLineEndings(" ");
}
