using System.Collections.ObjectModel;
using Skein.Core;

namespace Skein.Agent.Providers;

/// <summary>A provider with all that is known of it: settings, environment and what its name implies.</summary>
internal sealed class Provider
{
    /// <summary>The maker's «efficient model for coding and agents» of late 2026.</summary>
    public const string AnthropicDefault = "claude-sonnet-5-5";

    /// <summary>The newest of its maker's that every account may use, late 2026.</summary>
    public const string OpenAiDefault = "gpt-5.5";

    private const string OpenRouter = "openrouter";
    private const int OllamaPort = 11434;

    /// <param name="told">The key that the environment has.</param>
    private Provider(ProviderConfiguration configuration, Uri baseUrl, bool needsKey, bool isMakers = false, string? told = null)
    {
        Name = configuration.Name;
        Kind = configuration.Kind;
        BaseUrl = baseUrl;
        ApiKey = told ?? NotBlank(configuration.ApiKey);
        DefaultModel = configuration.DefaultModel;
        KeyVariable = configuration.KeyVariable;
        Models = configuration.Models;
        Headers = configuration.Headers;
        Tools = configuration.Tools;
        KeyCommand = configuration.KeyCommand.Count > 0 && ApiKey is null ? configuration.KeyCommand : null;
        Api = configuration.Api ?? (baseUrl.Host == "api.openai.com" ? OpenAiApi.Responses : OpenAiApi.Chat);
        SmallModel = isMakers ? KnownModels.SmallOf(Name) : null;
        KeyOrigin = told is not null ? $"The key is that of {KeyVariable} in the environment, which goes before one of 'skein auth set {Name}'."
            : ApiKey is not null ? $"The key is the stored one: 'skein auth set {Name}' stores another."
            : KeyCommand is not null ? $"The key is what its key_command ('{KeyCommand[0]}') told; one of 'skein auth set {Name}' goes before it."
            : $"No key of it is known: 'skein auth set {Name}' stores one.";
        if (needsKey && ApiKey is null && KeyCommand is null)
            Problem = $"there is no key for {Name}: set {configuration.KeyVariable ?? "its apiKey in skein.json"}. Or store one: skein auth set {Name}";
    }

    public string Name { get; }
    public ProviderKind Kind { get; }

    /// <summary>For <see cref="ProviderKind.OpenAi"/>.</summary>
    public OpenAiApi Api { get; }

    public Uri BaseUrl { get; }
    public string? ApiKey { get; }

    /// <summary>Where the key came from, and how another is given: for people whose key was refused.</summary>
    public string KeyOrigin { get; }

    public string? DefaultModel { get; }
    public string? KeyVariable { get; }
    public IReadOnlyDictionary<string, ModelFacts> Models { get; }
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>What tells its key; null: it is known, or there is none.</summary>
    public IReadOnlyList<string>? KeyCommand { get; }

    /// <inheritdoc cref="ProviderConfiguration.Tools"/>
    public ToolCalling? Tools { get; }

    /// <summary>Its model for small work; null: none is known, as of a server elsewhere, which need not have what the maker has.</summary>
    public string? SmallModel { get; }

    /// <summary>What is missing; null when it can be used.</summary>
    public string? Problem { get; }

    public bool IsUsable => Problem is null;

    /// <summary>The packages insist on a key; servers that need none ignore it.</summary>
    public string KeyToSend => ApiKey ?? "none";

    public static IEnumerable<Provider> All(IReadOnlyList<ProviderConfiguration> configured, Func<string, string?> environment)
    {
        yield return Known("anthropic", ProviderKind.Anthropic, "https://api.anthropic.com", "ANTHROPIC", AnthropicDefault, configured, environment);
        yield return Known("openai", ProviderKind.OpenAi, "https://api.openai.com/v1", "OPENAI", OpenAiDefault, configured, environment);

        if (!configured.Any(c => c.Name == "ollama"))
            yield return new Provider(new ProviderConfiguration("ollama", ProviderKind.Ollama), Ollama(environment("OLLAMA_HOST")), needsKey: false);

        if (!configured.Any(c => c.Name == OpenRouter))
            yield return Other(new ProviderConfiguration(OpenRouter, ProviderKind.OpenAi), environment);
        foreach (var other in configured.Where(c => c.Name is not ("anthropic" or "openai")))
            yield return Other(other, environment);
    }

    /// <summary>One that is not called: what it said is played.</summary>
    public static Provider Recorded(string name, ProviderKind kind, OpenAiApi api) =>
        new(new ProviderConfiguration(name, kind) { Api = api }, new Uri("http://record.invalid/"), needsKey: false);

    // A server of one's own may well ask for no key; the maker's does.
    private static Provider Known(
        string name, ProviderKind kind, string address, string prefix, string model, IReadOnlyList<ProviderConfiguration> configured, Func<string, string?> environment)
    {
        var settings = configured.FirstOrDefault(c => c.Name == name);
        var variable = settings?.KeyVariable ?? $"{prefix}_API_KEY";
        var elsewhere = NotBlank(environment($"{prefix}_BASE_URL")) ?? settings?.BaseUrl;
        var whole = new ProviderConfiguration(
            name, kind, elsewhere ?? address, settings?.ApiKey, variable, settings?.DefaultModel ?? model)
        {
            Models = settings?.Models ?? ReadOnlyDictionary<string, ModelFacts>.Empty,
            Api = settings?.Api,
            Tools = settings?.Tools,
            KeyCommand = settings?.KeyCommand ?? [],
            Headers = settings?.Headers ?? ReadOnlyDictionary<string, string>.Empty,
        };
        var baseUrl = Address(name, whole.BaseUrl!);
        return new Provider(whole, kind == ProviderKind.Anthropic ? WithoutVersion(baseUrl) : baseUrl, needsKey: elsewhere is null, isMakers: elsewhere is null, NotBlank(environment(variable)));
    }

    private static Provider Other(ProviderConfiguration settings, Func<string, string?> environment)
    {
        if (settings.Name.Length == 0 || settings.Name == ModelCatalog.Scripted || settings.Name.Contains('/'))
            throw new InvalidRequestException($"'{settings.Name}' cannot be the name of a provider: it must not be empty, '{ModelCatalog.Scripted}' or contain '/'.");

        // Known by its name, as a server elsewhere that speaks like it.
        if (settings.Name == OpenRouter && settings.Kind == ProviderKind.OpenAi)
            settings = settings with
            {
                BaseUrl = NotBlank(environment("OPENROUTER_BASE_URL")) ?? settings.BaseUrl ?? "https://openrouter.ai/api/v1",
                KeyVariable = settings.KeyVariable ?? "OPENROUTER_API_KEY",
            };

        var address = settings.BaseUrl
            ?? (settings.Name == "ollama" ? Ollama(environment("OLLAMA_HOST")).AbsoluteUri.TrimEnd('/') + (settings.Kind == ProviderKind.OpenAi ? "/v1" : "") : throw new InvalidRequestException($"The provider {settings.Name} has no base URL."));
        var baseUrl = Address(settings.Name, address);
        return new Provider(
            settings, settings.Kind == ProviderKind.OpenAi ? baseUrl : WithoutVersion(baseUrl), needsKey: settings.KeyVariable is not null || settings.KeyCommand.Count > 0,
            isMakers: baseUrl.Host == "openrouter.ai", told: settings.KeyVariable is { } variable ? NotBlank(environment(variable)) : null);
    }

    private static Uri Address(string provider, string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0
            ? uri
            : throw new InvalidRequestException($"The base URL of {provider} must be an http or https address without a name or password in it.");

    // It is added where it belongs, but addresses are often given with it, as OpenAI's are.
    private static Uri WithoutVersion(Uri uri) =>
        uri.AbsolutePath.TrimEnd('/') is var path && path.EndsWith("/v1", StringComparison.Ordinal)
            ? new UriBuilder(uri) { Path = path[..^3] }.Uri
            : uri;

    // The variable is the server's own, and says where it listens: a host, a port, both, or an address.
    private static Uri Ollama(string? host)
    {
        var text = NotBlank(host) ?? "127.0.0.1";
        var hasScheme = text.Contains("://", StringComparison.Ordinal);
        if (text.StartsWith(':'))
            text = "127.0.0.1" + text;
        var uri = Address("ollama", hasScheme ? text : "http://" + text);
        var builder = new UriBuilder(uri);
        if (uri.Host is "0.0.0.0" or "[::]")
            builder.Host = "127.0.0.1";
        if (!hasScheme && uri.IsDefaultPort && !text.EndsWith(":80", StringComparison.Ordinal))
            builder.Port = OllamaPort;
        builder.Path = uri.AbsolutePath.TrimEnd('/');
        return builder.Uri;
    }

    private static string? NotBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
