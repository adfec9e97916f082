using System.Collections;

namespace Skein.Sandbox;

/// <summary>Environments for child processes.</summary>
public static class ChildEnvironment
{
    private static readonly string[] s_secretPrefixes = ["SKEIN_", "ANTHROPIC_", "OPENAI_"];

    private static readonly string[] s_secretEndings =
    [
        "API_KEY", "APIKEY", "ACCESS_KEY", "ACCESS_KEY_ID", "SECRET_KEY", "PRIVATE_KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD",
        "PASSPHRASE", "CREDENTIALS",
    ];

    /// <summary>This process's own, as it is now.</summary>
    public static IReadOnlyDictionary<string, string> Current()
    {
        var current = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            // A name can be empty or hold '=' in what others made; no child could be given it.
            if (entry is { Key: string { Length: > 0 } name, Value: string value } && !name.Contains('='))
                current[name] = value;
        }

        return current;
    }

    /// <summary>
    /// What tools and driven programs see: everything but Skein's own variables, those of the providers, and what by its name is a
    /// secret (<c>…_API_KEY</c>, <c>…_TOKEN</c>, <c>…_SECRET</c>, <c>…_PASSWORD</c> and the like).
    /// </summary>
    /// <param name="providerKeys">Variables that hold the keys of configured providers, whatever they are called.</param>
    public static IReadOnlyDictionary<string, string> ForTools(
        IReadOnlyDictionary<string, string> current, IEnumerable<string> providerKeys)
    {
        var keys = providerKeys.ToHashSet(StringComparer.OrdinalIgnoreCase);
        return current
            .Where(e => !keys.Contains(e.Key) && !IsSecret(e.Key))
            .ToDictionary(static e => e.Key, static e => e.Value, StringComparer.Ordinal);
    }

    private static bool IsSecret(string name) =>
        s_secretPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        || name.Contains("_SECRET_", StringComparison.OrdinalIgnoreCase)
        || s_secretEndings.Any(ending => EndsInWord(name, ending));

    private static bool EndsInWord(string name, string ending) =>
        name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)
        && (name.Length == ending.Length || name[^(ending.Length + 1)] == '_');
}
