using System.Collections.Concurrent;
using Microsoft.Extensions.AI;
using Skein.Agent.Providers.Records;
using Skein.Agent.Providers.TextCalls;
using Skein.Agent.Telemetry;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Agent.Providers;

/// <summary>
/// The models that can be used, by <c>provider/name</c>. Clients are made at their first call, since that loads a provider's package, and
/// kept; their connections are shared. Safe for use by many threads.
/// </summary>
public sealed class ModelCatalog : IDisposable
{
    /// <summary>The provider whose models are <see cref="Script"/>s: by the name they were given, or by the absolute path of a file.</summary>
    public const string Scripted = "scripted";

    /// <summary>What a model's name begins with that is played from a record; the absolute path of the file follows.</summary>
    public const string Replayed = "replay:";

    private readonly IReadOnlyDictionary<string, Script> _scripts;
    private readonly ModelRecorder? _recorder;
    private readonly AgentTelemetry? _telemetry;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, Provider> _providers = [];
    private readonly ConcurrentDictionary<string, IChatClient> _clients = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KeyCommand> _keyCommands = [];
    private readonly ConcurrentDictionary<string, ModelRecord> _records = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ModelLessons> _learned = new(StringComparer.Ordinal);
    private readonly Lazy<SocketsHttpHandler> _connections = new(() => new SocketsHttpHandler
    {
        // A redirect would carry the key to wherever it points.
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        // A long-lived server must see it when a provider's name moves.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    });

    /// <param name="configured">What settings say; the environment wins over it.</param>
    /// <param name="environment">A variable's value, or null.</param>
    /// <param name="scripts">Scripts of the program's own.</param>
    /// <param name="recorder">Writes down what is said to providers and by them; the catalog's own from here on.</param>
    /// <param name="telemetry">Traces and counts the calls; null: nothing does.</param>
    /// <exception cref="InvalidRequestException">A provider's address is not one.</exception>
    public ModelCatalog(
        IReadOnlyList<ProviderConfiguration> configured, Func<string, string?> environment, IReadOnlyDictionary<string, Script> scripts, TimeProvider time,
        ModelRecorder? recorder = null, AgentTelemetry? telemetry = null)
    {
        _telemetry = telemetry;
        _scripts = scripts;
        _recorder = recorder;
        _time = time;
        foreach (var provider in Provider.All(configured, environment))
        {
            _providers.Add(provider.Name, provider);
            if (provider.KeyCommand is { } command)
                _keyCommands.Add(provider.Name, new KeyCommand(provider.Name, command, time));
        }

        DefaultModel = _providers.Values.FirstOrDefault(p => p is { DefaultModel: not null, IsUsable: true }) is { } first
            ? $"{first.Name}/{first.DefaultModel}"
            : null;
    }

    /// <summary>The model of a session that names none: that of the first provider that has a key; null where none has.</summary>
    public string? DefaultModel { get; }

    /// <summary>The providers there are, in the order in which they are asked for a default model.</summary>
    public IReadOnlyList<ProviderState> Providers =>
        [.. _providers.Values.Select(p => new ProviderState(p.Name, p.Kind, p.BaseUrl, p.Problem, p.KeyVariable, p.ApiKey is not null || p.KeyCommand is not null, p.DefaultModel))];

    /// <summary>Asks a provider which models it has.</summary>
    /// <param name="patience">After so long it counts as not there.</param>
    /// <returns>The models, or why there is no list of them: a provider that cannot be used or asked is nothing exceptional.</returns>
    public async Task<ModelList> ListModelsAsync(string provider, TimeSpan patience, CancellationToken cancellationToken)
    {
        var known = _providers[provider];
        if (known.Problem is { } problem)
            return new ModelList([], problem);
        try
        {
            return new ModelList(await ModelLister.ListAsync(known, _keyCommands.GetValueOrDefault(provider), _connections.Value, patience, _time, cancellationToken), null);
        }
        catch (ModelException e)
        {
            return new ModelList([], e.Message);
        }
    }

    /// <summary>What is known of a model, by <c>provider/name</c>: what the settings say over the table of <see cref="KnownModels"/>.</summary>
    public ModelFacts FactsOf(string model)
    {
        if (RecordIn(model, out _) is { } record)
            return Facts(record);

        var known = KnownModels.Find(model);
        var provider = Split(model) is var (name, _) ? _providers.GetValueOrDefault(name) : null;

        // What the model could hold is not what a server at home has the memory for.
        if (provider?.Kind == ProviderKind.Ollama)
            known = known with { Context = Math.Min(known.Context ?? OllamaModel.UsualContext, OllamaModel.UsualContext), Price = known.Price ?? new Price(0, 0) };
        return SaidOf(model).Over(known with { Tools = provider?.Tools ?? known.Tools });
    }

    /// <summary>The model for small work of the provider that a model (null: the default one) is of; null: none is known to be there.</summary>
    public string? SmallModelBeside(string? model) =>
        Split(model ?? DefaultModel ?? "") is var (provider, _) && _providers.TryGetValue(provider, out var known) && known is { IsUsable: true, SmallModel: { } small }
            ? $"{provider}/{small}"
            : null;

    /// <summary>What is wrong with a model (null: the default one), as an error message; null when it can be used. It calls nobody.</summary>
    public string? CheckModel(string? model) => Check(model ?? DefaultModel)?.Message;

    /// <summary>The client of a model; null means the default model.</summary>
    /// <exception cref="ModelException">It cannot be used, as <see cref="CheckModel"/> says.</exception>
    internal Model Get(string? model) => Find(model) is var found && _telemetry is { } telemetry
        ? found with { Client = telemetry.Around(found.Client, found.Provider, found.Name[(found.Name.IndexOf('/') + 1)..]) }
        : found;

    private Model Find(string? model)
    {
        if (Check(model ?? DefaultModel) is { } problem)
            throw problem;

        var name = (model ?? DefaultModel)!;
        if (RecordIn(name, out _) is { } record)
            return Get(name, record);

        var (provider, rest) = Split(name)!.Value;
        // A script's file may change under us; it is read for every turn.
        var client = provider == Scripted ? MakeScripted(rest) : _clients.GetOrAdd(name, _ => Make(_providers[provider], rest));
        var learned = _learned.GetOrAdd(name, _ => new ModelLessons());
        var facts = FactsOf(name);
        client = TextCallClient.Around(client, facts.Tools, learned, MayWriteCalls(_providers.GetValueOrDefault(provider)));
        return new Model(name, provider, client, facts)
        {
            TakesTemperature = _providers.GetValueOrDefault(provider)?.Kind != ProviderKind.Anthropic,
            Said = SaidOf(name),
            Learned = learned,
        };
    }

    public void Dispose()
    {
        _recorder?.Dispose();
        foreach (var command in _keyCommands.Values)
            command.Dispose();
        if (_connections.IsValueCreated)
            _connections.Value.Dispose();
    }

    // The makers' own models call by their APIs alone; of what else is behind one nobody knows.
    private static bool MayWriteCalls(Provider? provider) => provider is { Kind: ProviderKind.Ollama } or { Kind: ProviderKind.OpenAi, Api: OpenAiApi.Chat };

    private string Names => string.Join(", ", _providers.Keys.Append(Scripted));

    private ModelFacts SaidOf(string model) =>
        Split(model) is var (provider, name) && _providers.TryGetValue(provider, out var named) && named.Models.TryGetValue(name, out var said) ? said : ModelFacts.Nothing;

    private static (string Provider, string Model)? Split(string name) =>
        name.IndexOf('/') is var slash and > 0 && slash < name.Length - 1 ? (name[..slash], name[(slash + 1)..]) : null;

    private ModelException? Check(string? model)
    {
        if (model is null)
            return new ModelException(FailureKind.Auth,
                "No model is named, and no provider has a key to choose one: set ANTHROPIC_API_KEY or OPENAI_API_KEY, "
                + "or name a model as provider/name (ollama/NAME needs no key), or configure a provider in skein.json.");

        if (model.StartsWith(Replayed, StringComparison.Ordinal))
            return RecordIn(model, out var unplayable) is null ? new ModelException(FailureKind.BadRequest, unplayable!) : null;

        if (Split(model) is not var (provider, name))
            return new ModelException(FailureKind.BadRequest,
                $"'{model}' is not a model: write it as provider/name, for example anthropic/{Provider.AnthropicDefault}. Providers: {Names}.");

        if (provider == Scripted)
            return FindScript(name, out var problem) is null ? new ModelException(FailureKind.BadRequest, problem!) : null;

        if (!_providers.TryGetValue(provider, out var known))
            return new ModelException(FailureKind.BadRequest, $"There is no provider '{provider}' for the model '{model}'. Providers: {Names}.");

        return known.Problem is { } missing ? new ModelException(FailureKind.Auth, $"The model '{model}' cannot be used: {missing}") : null;
    }

    private Model Get(string name, ModelRecord record)
    {
        var (provider, model) = Split(record.Model)!.Value;
        var recorded = Provider.Recorded(provider, record.Kind, record.Api);
        var learned = _learned.GetOrAdd(name, _ => new ModelLessons());
        var facts = Facts(record);
        var client = _clients.GetOrAdd(name, _ => Make(recorded, model, facts, record.Player()));
        client = TextCallClient.Around(client, facts.Tools, learned, MayWriteCalls(recorded));
        return new Model(name, Replayed, client, facts)
        {
            TakesTemperature = record.Kind != ProviderKind.Anthropic,
            Said = SaidOf(record.Model),
            Learned = learned,
        };
    }

    private ModelFacts Facts(ModelRecord record)
    {
        var facts = FactsOf(record.Model);
        return facts.Images is null && record.Kind == ProviderKind.Anthropic ? facts with { Images = true } : facts;
    }

    // Read once: what is played goes on where it was, and what is being recorded is not played at the same time.
    private ModelRecord? RecordIn(string model, out string? problem)
    {
        problem = null;
        if (!model.StartsWith(Replayed, StringComparison.Ordinal))
            return null;
        try
        {
            return _records.GetOrAdd(model[Replayed.Length..], ModelRecord.Read);
        }
        catch (InvalidRequestException e)
        {
            problem = e.Message;
            return null;
        }
    }

    private IChatClient Make(Provider provider, string model) =>
        Make(provider, model, FactsOf($"{provider.Name}/{model}"), _recorder?.Around(_connections.Value, provider, model, () => _keyCommands.GetValueOrDefault(provider.Name)?.Known ?? provider.ApiKey) ?? _connections.Value);

    private IChatClient Make(Provider provider, string model, ModelFacts facts, HttpMessageHandler connections)
    {
        var key = _keyCommands.GetValueOrDefault(provider.Name);
        var errors = new ModelErrors(provider.Name, () => key?.Known ?? provider.ApiKey, provider.KeyOrigin);
        var http = new HttpClient(new ModelHttpHandler(errors, provider.Headers, key, provider.Kind, _time) { InnerHandler = connections }, disposeHandler: false)
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        return provider.Kind == ProviderKind.Ollama ? new OllamaModel(model, provider.BaseUrl, provider.ApiKey, facts.Context, http, errors)
            : provider.Kind == ProviderKind.Anthropic ? new AnthropicModel(model, provider.BaseUrl, provider.KeyToSend, http, errors)
            : provider.Api == OpenAiApi.Responses ? new OpenAiResponsesModel(model, provider.BaseUrl, provider.KeyToSend, http, errors)
            : new OpenAiModel(model, provider.BaseUrl, provider.KeyToSend, http, errors, OpenAiRequest.LimitName(provider.Name));
    }

    private ScriptedModel MakeScripted(string name) =>
        new(name, FindScript(name, out var problem) ?? throw new ModelException(FailureKind.BadRequest, problem!), _time);

    private Script? FindScript(string name, out string? problem)
    {
        problem = null;
        if (_scripts.TryGetValue(name, out var script))
            return script;

        try
        {
            if (Path.IsPathFullyQualified(name) && File.Exists(name))
                return Script.Parse(File.ReadAllText(name), name);
            problem = $"There is no script '{name}': it must be the absolute path of a file"
                + (_scripts.Count == 0 ? "." : $", or one of {string.Join(", ", _scripts.Keys)}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidRequestException)
        {
            problem = $"The script '{name}' cannot be used: {e.Message}";
        }

        return null;
    }
}

/// <summary>A provider as people are told of it.</summary>
/// <param name="Problem">Why it cannot be used; null: it can.</param>
/// <param name="KeyVariable">The environment variable that holds its key; null: it needs none.</param>
/// <param name="HasKey">Whether a key is known, from wherever.</param>
/// <param name="DefaultModel">Its model, without the provider, of a session that names none.</param>
public sealed record ProviderState(string Name, ProviderKind Kind, Uri BaseUrl, string? Problem, string? KeyVariable, bool HasKey, string? DefaultModel);

/// <param name="Models">Names without the provider.</param>
/// <param name="Problem">Why there are none to tell; null: it was asked, and answered.</param>
public sealed record ModelList(IReadOnlyList<string> Models, string? Problem);
