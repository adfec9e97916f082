using System.Text.RegularExpressions;

namespace Skein.Agent.Permissions.Shell;

/// <summary>
/// What changing a variable does to commands. Names in capitals are the environment's, and of the shell itself: which program a name means,
/// what it loads, what it runs to page or edit.
/// </summary>
internal static partial class ShellVariables
{
    // Programs heed them for what they print and how much, nothing else.
    private static readonly HashSet<string> s_harmless = new(StringComparer.Ordinal)
    {
        "CI", "NO_COLOR", "FORCE_COLOR", "LANG", "TZ", "TERM", "COLUMNS", "LINES", "DEBUG", "VERBOSE", "NODE_ENV", "RUST_BACKTRACE", "RUST_LOG",
        "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "DOTNET_CLI_TELEMETRY_OPTOUT", "DOTNET_NOLOGO", "GIT_PAGER_IN_USE",
    };

    /// <summary>Commands that run with it may be others, or do something else.</summary>
    public static bool IsHeededBySome(string name) => !s_harmless.Contains(name) && !name.StartsWith("LC_", StringComparison.Ordinal);

    /// <summary>So may the commands after it: a name with small letters is the script's own.</summary>
    public static bool IsHeededByAll(string name) => IsHeededBySome(name) && !name.Any(char.IsAsciiLetterLower);

    /// <summary>To compute it runs nothing: a number, several in braces, a sum.</summary>
    public static bool IsNumber(string value) => Number().IsMatch(value);

    [GeneratedRegex(@"^(""?\$\(\([^$`]*\)\)""?|['""]?[0-9{}.,+-]*['""]?)$")]
    private static partial Regex Number();
}
