using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Agent.Telemetry;

/// <summary>
/// Traces and metrics of turns, tools and calls of models, by OpenTelemetry's conventions for generative AI. What was said is in none
/// of them unless it is asked for. Safe for use by many threads.
/// </summary>
/// <param name="tellsContent">Whether spans hold prompts, answers and the arguments of tools.</param>
public sealed class AgentTelemetry(bool tellsContent) : IDisposable
{
    /// <summary>The name of the source of spans, and of that of metrics.</summary>
    public const string Name = "Skein.Agent";

    private readonly ActivitySource _spans = new(Name);
    private readonly Meter _meter = new(Name);
    private Histogram<long>? _tokens;
    private Histogram<double>? _durations;

    internal bool TellsContent => tellsContent;

    internal ActivitySource Source => _spans;

    internal Meter Meter => _meter;

    // The boundaries are the conventions'.
    private Histogram<long> Tokens => _tokens ??= _meter.CreateHistogram(
        "gen_ai.client.token.usage", "{token}", "Number of input and output tokens used.",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864] });

    private Histogram<double> Durations => _durations ??= _meter.CreateHistogram(
        "gen_ai.client.operation.duration", "s", "Duration of calls of models.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] });

    /// <summary>A kind of agent whose turns are traced.</summary>
    public AgentKind Around(AgentKind kind) => kind with { Open = session => new TracedAgent(kind.Open(session), kind.Name, this) };

    public void Dispose()
    {
        _spans.Dispose();
        _meter.Dispose();
    }

    internal IChatClient Around(IChatClient client, string provider, string model) => new TracedClient(client, provider, model, this);

    internal Activity? Start(string operation, string subject, ActivityKind kind, ActivityContext parent = default)
    {
        // A request of the server, which nobody traces, would keep all that it began out of the traces.
        if (Activity.Current is { } current && current.Source != _spans)
            Activity.Current = null;
        return _spans.StartActivity($"{operation} {subject}", kind, parent == default ? Activity.Current?.Context ?? default : parent, [new("gen_ai.operation.name", operation)]);
    }

    internal void CountCall(string provider, string model, TimeSpan took, Usage? usage, string? error)
    {
        var tags = new TagList { { "gen_ai.operation.name", "chat" }, { "gen_ai.provider.name", provider }, { "gen_ai.request.model", model } };
        if (usage is not null)
        {
            Tokens.Record(usage.Input + usage.CacheRead + usage.CacheWrite, [.. tags, new("gen_ai.token.type", "input")]);
            Tokens.Record(usage.Output + usage.Reasoning, [.. tags, new("gen_ai.token.type", "output")]);
        }

        if (error is not null)
            tags.Add("error.type", error);
        Durations.Record(took.TotalSeconds, tags);
    }

    internal static void Fail(Activity? span, string type, string? message)
    {
        span?.SetTag("error.type", type);
        span?.SetStatus(ActivityStatusCode.Error, message);
    }

    internal static string Word(FailureKind kind) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());
}
