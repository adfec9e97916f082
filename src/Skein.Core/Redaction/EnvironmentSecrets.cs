using System.Text;
using System.Text.Encodings.Web;

namespace Skein.Core.Redaction;

/// <summary>Which values of an environment are secrets: by the variable's name, and because the value is nothing common.</summary>
internal static class EnvironmentSecrets
{
    /// <summary>Shorter values would be found in ordinary words.</summary>
    public const int Shortest = 8;

    private const int Longest = 8 * 1024;
    private const int LongWord = 16;

    private static readonly string[] s_words =
        ["KEY", "APIKEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "PASS", "PWD", "PAT", "CREDENTIAL", "CREDENTIALS", "AUTH"];

    /// <summary>Ends of names that are words of a secret's name written together, as in <c>DBPASSWORD</c>.</summary>
    private static readonly string[] s_endings = ["APIKEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIALS"];

    /// <summary>The values as they may stand in a text: as they are, and with JSON's escapes.</summary>
    /// <param name="alsoSecret">Names of variables that hold secrets whatever they are called.</param>
    public static IReadOnlyList<string> Of(IEnumerable<KeyValuePair<string, string>> environment, IEnumerable<string> alsoSecret)
    {
        var named = alsoSecret.ToHashSet(StringComparer.OrdinalIgnoreCase);
        return
        [
            .. environment
                .Where(e => named.Contains(e.Key) ? e.Value.Length >= Shortest : IsSecretName(e.Key) && IsSecretValue(e.Value.Trim()))
                .Select(e => e.Value.Trim() is { Length: >= Shortest } value ? value[..Math.Min(value.Length, Longest)] : e.Value)
                .SelectMany(v => new[] { v, JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(v) })
                .Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>Bytes as characters, one each: how a value looks in a stream that is read as bytes.</summary>
    public static string AsBytes(string value) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(value));

    private static bool IsSecretName(string name)
    {
        var upper = name.ToUpperInvariant();
        return upper.Split('_', '-', '.').Any(s_words.Contains) || s_endings.Any(e => upper.EndsWith(e, StringComparison.Ordinal));
    }

    private static bool IsSecretValue(string value) =>
        value.Length >= Shortest && !IsNumber(value) && !IsWord(value) && !IsPath(value) && !IsPlainUrl(value);

    // Also versions and dates.
    private static bool IsNumber(string value) => value.All(c => char.IsAsciiDigit(c) || c is '.' or ',' or ':' or '-' or '+' or ' ');

    // One word or a few, as in a name: long ones are pass phrases.
    private static bool IsWord(string value) =>
        value.Length < LongWord && value.All(c => char.IsAsciiLetter(c) || c is '-' or '_' or '.' or ' ');

    private static bool IsPath(string value)
    {
        var isRooted = value[0] == '/' || value.StartsWith("~/", StringComparison.Ordinal) || value.StartsWith("./", StringComparison.Ordinal)
            || value.StartsWith("../", StringComparison.Ordinal) || (value.Length > 2 && char.IsAsciiLetter(value[0]) && value[1] == ':' && value[2] is '\\' or '/');

        // A key in base64 may begin with a slash too.
        return isRooted && !value.Split('/', '\\').Any(part => part.Length >= LongWord && SecretLooks.Fits(part, SecretLook.Made));
    }

    private static bool IsPlainUrl(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && value.Contains("://", StringComparison.Ordinal) && url.UserInfo.Length == 0 && url.Query.Length == 0;
}
