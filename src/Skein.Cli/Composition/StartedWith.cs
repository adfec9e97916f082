using System.Globalization;
using System.Numerics;
using System.Text;
using Skein.Agent.Settings;

namespace Skein.Cli.Composition;

/// <summary>
/// What a server knew of providers and settings when it started, as fingerprints in a file of its home: a command tells by it whether the
/// server that runs would use what the user's environment and settings say now.
/// </summary>
/// <param name="InBackground">A command started it, so a command may start it anew.</param>
/// <param name="Prints">A fingerprint for each variable that is set, for the user's settings file, and for the file of stored keys.</param>
internal sealed record StartedWith(bool InBackground, IReadOnlyDictionary<string, string> Prints)
{
    private const string FileName = "server.started-with";
    private const string SettingsName = "skein.json";
    private static readonly string[] s_usual = ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENROUTER_API_KEY", "OPENROUTER_BASE_URL", "OLLAMA_HOST", "OTEL_EXPORTER_OTLP_ENDPOINT"];

    /// <param name="settings">The user's own: a server takes providers from nowhere else.</param>
    public static StartedWith Of(SkeinHome home, SkeinSettings settings, string settingsFile, Surroundings surroundings, bool inBackground)
    {
        var variables = s_usual.Concat(settings.Providers.Values.Select(p => p.ApiKeyEnv).OfType<string>()).Distinct(StringComparer.Ordinal);
        var prints = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [SettingsName] = Print(home, File.Exists(settingsFile) ? File.ReadAllText(settingsFile) : ""),
        };
        var keys = Path.Combine(home.Path, ProviderKeys.FileName);
        prints[ProviderKeys.FileName] = Print(home, File.Exists(keys) ? File.ReadAllText(keys) : "");
        foreach (var name in variables)
        {
            if (surroundings.Variable(name) is { } value)
                prints[name] = Print(home, value);
        }

        return new StartedWith(inBackground, prints);
    }

    /// <summary>What the running server was started with; null where nothing tells.</summary>
    public static StartedWith? Find(SkeinHome home)
    {
        var file = Path.Combine(home.Path, FileName);
        if (!File.Exists(file))
            return null;

        var lines = File.ReadAllLines(file).Select(l => l.Split(' ')).Where(l => l.Length == 2).ToDictionary(l => l[0], l => l[1], StringComparer.Ordinal);
        return new StartedWith(lines.Remove("background"), lines);
    }

    public void Write(SkeinHome home)
    {
        var file = Path.Combine(home.Path, FileName);
        File.Delete(file);
        using var writer = new StreamWriter(file, Encoding.UTF8, OwnFiles.Appending());
        foreach (var (name, print) in Prints)
            writer.Write($"{name} {print}\n");
        if (InBackground)
            writer.Write("background yes\n");
    }

    /// <summary>What is set here and was not so there. A variable that only the server knows is no news: it was set for it.</summary>
    public IReadOnlyList<string> NewsFor(StartedWith server) =>
        [.. Prints.Where(p => server.Prints.GetValueOrDefault(p.Key) != p.Value).Select(p => p.Key)];

    // Enough to notice a change, too little to tell the value; a cryptographic hash would load a library of megabytes into every server.
    private static string Print(SkeinHome home, string value) =>
        Encoding.UTF8.GetBytes($"{home.Path}\n{value}").Aggregate(uint.MaxValue, BitOperations.Crc32C).ToString("x8", CultureInfo.InvariantCulture);
}
