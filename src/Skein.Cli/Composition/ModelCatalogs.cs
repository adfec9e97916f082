using Skein.Agent.Providers;
using Skein.Agent.Settings;

namespace Skein.Cli.Composition;

/// <summary>The models that a server started here and now would have.</summary>
internal static class ModelCatalogs
{
    public static async Task<(ModelCatalog Models, IReadOnlyDictionary<string, string> Keys)> OpenAsync(Surroundings surroundings, CancellationToken cancellationToken)
    {
        var home = SkeinHome.Of(surroundings);
        using var settings = new HomeSettings(home, surroundings);
        using var stored = new ProviderKeys(home.Path);
        var keys = await stored.ReadAsync(cancellationToken);
        var (providers, scripts) = Providers.Of((await settings.ReadAsync(null, cancellationToken)).Settings, keys);
        return (new ModelCatalog(providers, surroundings.Variable, scripts, surroundings.Time), keys);
    }

    /// <summary>Where a provider's key is from, for people; null: it has none.</summary>
    public static string? KeyFrom(ProviderState provider, IReadOnlyDictionary<string, string> keys, Surroundings surroundings) =>
        provider.KeyVariable is { } variable && !string.IsNullOrWhiteSpace(surroundings.Variable(variable)) ? $"${variable}"
        : keys.ContainsKey(provider.Name) ? "stored"
        : provider.HasKey ? "its command"
        : null;
}
