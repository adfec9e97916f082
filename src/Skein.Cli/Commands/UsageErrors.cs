using System.CommandLine;
using System.CommandLine.Parsing;

namespace Skein.Cli.Commands;

/// <summary>What is wrong with a command line, in one sentence that names the value and the rule, with a guess at what was meant.</summary>
internal static class UsageErrors
{
    public static string? FirstOf(ParseResult parsed)
    {
        if (parsed.Errors.Count == 0)
            return MistypedOption(parsed);

        foreach (var token in parsed.UnmatchedTokens)
            return Unknown(parsed, token);

        if (parsed.CommandResult.Command is not RootCommand && parsed.CommandResult.Command.Subcommands is { Count: > 0 } below)
            return $"'{ProgramOf(parsed.CommandResult.Command)}' needs a command: {string.Join(", ", below.Select(c => c.Name))}.";

        var error = parsed.Errors[0];
        return error.SymbolResult is ArgumentResult { Tokens.Count: 0, Argument: var missing } && error.SymbolResult.Parent is CommandResult of
            ? $"'{ProgramOf(of.Command)}' needs {missing.Name}: see '{ProgramOf(of.Command)} --help'."
            : error.Message;
    }

    // A prompt takes any words, so that a mistyped option would become a part of it.
    private static string? MistypedOption(ParseResult parsed)
    {
        var separated = false;
        foreach (var token in parsed.Tokens)
        {
            separated |= token.Type == TokenType.DoubleDash;
            if (!separated && token.Type == TokenType.Argument && LooksLikeOption(token.Value) && ArgumentOf(parsed, token) is { } argument)
                return Unknown(parsed, token.Value) + (argument.Arity.MaximumNumberOfValues > 1 ? $" A {argument.Name.ToLowerInvariant()} that begins with '-' comes after '--'." : "");
        }

        return null;
    }

    private static Argument? ArgumentOf(ParseResult parsed, Token token) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().FirstOrDefault(a => a.Tokens.Any(t => ReferenceEquals(t, token)))?.Argument;

    private static bool LooksLikeOption(string value) => value.Length > 1 && value[0] == '-' && !value.Any(char.IsWhiteSpace);

    private static string Unknown(ParseResult parsed, string token)
    {
        var command = parsed.CommandResult.Command;
        var program = ProgramOf(command);
        if (LooksLikeOption(token))
            return $"'{program}' has no option '{token}'{Guess(token, command.Options.SelectMany(o => o.Aliases.Append(o.Name)), program)}";

        return command is RootCommand ? $"There is no command '{token}'{Guess(token, CommandTree.Names, program)}"
            : command.Subcommands.Count > 0 ? $"'{program}' has no command '{token}'{Guess(token, command.Subcommands.Select(c => c.Name), program)}"
            : $"'{program}' has no use for '{token}': see '{program} --help'.";
    }

    /// <summary>A command as it is typed: <c>skein auth set</c>.</summary>
    private static string ProgramOf(Symbol command) =>
        command is RootCommand ? "skein" : $"{(command.Parents.FirstOrDefault() is { } above ? ProgramOf(above) : "skein")} {command.Name}";

    private static string Guess(string token, IEnumerable<string> known, string program)
    {
        var best = known.Select(k => (Name: k, Distance: Distance(token, k))).MinBy(k => k.Distance);
        return best.Name is not null && best.Distance <= Math.Max(1, token.Length / 3) ? $"; did you mean '{best.Name}'?" : $": see '{program} --help'.";
    }

    /// <summary>How many characters have to be added, dropped, changed or swapped with their neighbour.</summary>
    internal static int Distance(string from, string to)
    {
        var rows = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= to.Length; j++)
            rows[0, j] = j;

        for (var i = 1; i <= from.Length; i++)
        {
            for (var j = 1; j <= to.Length; j++)
            {
                var change = rows[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(change, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[from.Length, to.Length];
    }
}
