using Skein.Agent.Providers;
using Skein.Agent.Settings;

namespace Skein.Cli.Composition;

/// <summary>Providers from the words of the settings into those of the catalog.</summary>
internal static class Providers
{
    /// <summary>A provider that plays a script is known to the catalog as a script of that name.</summary>
    /// <param name="keys">Those that the user stored; a variable of the environment goes before them.</param>
    /// <exception cref="SettingsException">A script cannot be read.</exception>
    public static (IReadOnlyList<ProviderConfiguration> Providers, IReadOnlyDictionary<string, Script> Scripts) Of(
        SkeinSettings settings, IReadOnlyDictionary<string, string>? keys = null)
    {
        var providers = new List<ProviderConfiguration>();
        var scripts = new Dictionary<string, Script>(StringComparer.Ordinal);
        foreach (var (name, provider) in settings.Providers)
        {
            if (provider.Kind == ProviderKind.Scripted)
                scripts[name] = Read(name, provider.Script!);
            else
                providers.Add(new ProviderConfiguration(name, provider.Kind, provider.BaseUrl?.AbsoluteUri, keys?.GetValueOrDefault(name), provider.ApiKeyEnv)
                {
                    KeyCommand = provider.KeyCommand, Api = provider.Api, Headers = provider.Headers, Tools = provider.Tools, Models = provider.Models,
                });
        }

        // Those that are known without any settings.
        foreach (var (name, kind) in ProviderConfiguration.Usual)
        {
            if (!settings.Providers.ContainsKey(name) && keys?.GetValueOrDefault(name) is { } key)
                providers.Add(new ProviderConfiguration(name, kind, ApiKey: key));
        }

        return (providers, scripts);
    }

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
