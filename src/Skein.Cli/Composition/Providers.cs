using Skein.Agent.Providers;
using Skein.Agent.Settings;

namespace Skein.Cli.Composition;

/// <summary>Providers from the words of the settings into those of the catalog.</summary>
internal static class Providers
{
    /// <summary>A provider that plays a script is known to the catalog as a script of that name.</summary>
    /// <exception cref="SettingsException">A script cannot be read.</exception>
    public static (IReadOnlyList<ProviderConfiguration> Providers, IReadOnlyDictionary<string, Script> Scripts) Of(SkeinSettings settings)
    {
        var providers = new List<ProviderConfiguration>();
        var scripts = new Dictionary<string, Script>(StringComparer.Ordinal);
        foreach (var (name, provider) in settings.Providers)
        {
            if (provider.Kind == Agent.Settings.ProviderKind.Scripted)
                scripts[name] = Read(name, provider.Script!);
            else
                providers.Add(new ProviderConfiguration(name, KindOf(provider), provider.BaseUrl?.AbsoluteUri, KeyVariable: provider.ApiKeyEnv));
        }

        return (providers, scripts);
    }

    private static Agent.Providers.ProviderKind KindOf(ProviderSettings provider) => provider.Kind == Agent.Settings.ProviderKind.Anthropic
        ? Agent.Providers.ProviderKind.Anthropic
        : Agent.Providers.ProviderKind.OpenAi;

    private static Script Read(string name, string file)
    {
        try
        {
            return Script.Parse(File.ReadAllText(file), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(file, null, $"the script of the provider '{name}' cannot be read: {e.Message}");
        }
    }
}
