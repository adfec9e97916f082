using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Agent.Providers.Records;
using Skein.Agent.Telemetry;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>The agent, a provider's real client, and a server that speaks its wire format.</summary>
internal sealed class Wire : IAsyncDisposable
{
    public const string Key = "sk-very-secret-0123456789";

    private Wire(string provider, ModelServer server, TimeProvider time, IReadOnlyDictionary<string, ModelFacts>? models, ModelRecorder? recorder, AgentTelemetry? telemetry)
    {
        Provider = provider;
        Server = server;
        var kind = provider switch { "anthropic" => ProviderKind.Anthropic, "ollama" => ProviderKind.Ollama, _ => ProviderKind.OpenAi };
        var responses = provider == "responses";
        var configured = new ProviderConfiguration(provider, kind, responses ? server.OpenAiAddress : null, responses ? Key : null)
        {
            Api = responses ? OpenAiApi.Responses : null,
            Models = models ?? new Dictionary<string, ModelFacts>(),
        };
        Models = new ModelCatalog([configured], Environment, new Dictionary<string, Script>(), time, recorder, telemetry);
        Time = time;
    }

    public string Provider { get; }
    public ModelServer Server { get; }
    public ModelCatalog Models { get; }
    public TimeProvider Time { get; }
    public string Model => Provider + "/any";

    public static async Task<Wire> StartAsync(
        string provider, TimeProvider? time = null, IReadOnlyDictionary<string, ModelFacts>? models = null, ModelRecorder? recorder = null, AgentTelemetry? telemetry = null) =>
        new(provider, await ModelServer.StartAsync(TestContext.Current.CancellationToken), time ?? TimeProvider.System, models, recorder, telemetry);

    public Task<TurnRecord> RunAsync(params ITool[] tools) => RunAsync(Turn(Sample.User("Go.")), tools);

    public Task<TurnRecord> RunAsync(FakeTurn turn, params ITool[] tools) => TurnRecord.RunAsync(Agent(Sample.AtOnce, tools), turn);

    public SkeinAgent Agent(RetryPlan retries, params ITool[] tools) => new(Models, new Toolbox(tools, Sample.Open), retries, Time);

    public FakeTurn Turn(params Message[] messages) => new(Sample.Session(Model), messages);

    public RefusedAnswer Refuse(int status, string type, string message, params (string, string)[] headers) => Provider == "anthropic"
        ? RefusedAnswer.Anthropic(status, type, message, headers)
        : RefusedAnswer.OpenAi(status, type, message, headers);

    public async ValueTask DisposeAsync()
    {
        Models.Dispose();
        await Server.DisposeAsync();
    }

    private string? Environment(string variable) => variable switch
    {
        "OPENAI_BASE_URL" => Server.OpenAiAddress,
        "ANTHROPIC_BASE_URL" => Server.Address,
        "OLLAMA_HOST" => Server.Address,
        "OPENAI_API_KEY" or "ANTHROPIC_API_KEY" => Key,
        _ => null,
    };
}
