using System.Runtime.CompilerServices;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Skein.Agent.Settings;
using Skein.Agent.Telemetry;
using Skein.Cli.Commands;

namespace Skein.Cli.Composition;

/// <summary>Traces and metrics on their way to a collector.</summary>
internal sealed class Exporting : IDisposable
{
    private const int PatienceMs = 3000;

    private readonly TracerProvider _traces;
    private readonly MeterProvider _metrics;

    private Exporting(AgentTelemetry telemetry, TracerProvider traces, MeterProvider metrics) => (Telemetry, _traces, _metrics) = (telemetry, traces, metrics);

    public AgentTelemetry Telemetry { get; }

    /// <returns>Null: nobody asked for it, and nothing of it was loaded.</returns>
    public static Exporting? Start(TelemetrySettings settings, Surroundings surroundings)
    {
        var told = surroundings.Variable("OTEL_EXPORTER_OTLP_ENDPOINT");
        var endpoint = string.IsNullOrWhiteSpace(told) ? settings.Endpoint : Uri.TryCreate(told, UriKind.Absolute, out var uri) ? uri
            : throw new SettingsException("environment", "OTEL_EXPORTER_OTLP_ENDPOINT", "must be an http or https address");
        return endpoint is null ? null : Start(endpoint, settings.Content, surroundings.Variable("OTEL_EXPORTER_OTLP_PROTOCOL"));
    }

    public void Dispose()
    {
        Telemetry.Dispose();
        _traces.Shutdown(PatienceMs);
        _metrics.Shutdown(PatienceMs);
        _traces.Dispose();
        _metrics.Dispose();
    }

    // Apart, so that the packages are loaded only where something is exported.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Exporting Start(Uri endpoint, bool content, string? protocol)
    {
        var isGrpc = protocol == "grpc";
        var resource = ResourceBuilder.CreateDefault().AddService("skein", serviceVersion: CommandTree.Version);
        var traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(AgentTelemetry.Name)
            .AddOtlpExporter(o => Point(o, "v1/traces")).Build();
        var metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(AgentTelemetry.Name)
            .AddOtlpExporter(o => Point(o, "v1/metrics")).Build();
        return new Exporting(new AgentTelemetry(content), traces, metrics);

        void Point(OtlpExporterOptions options, string path)
        {
            options.Protocol = isGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
            options.Endpoint = isGrpc ? endpoint : new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/{path}");
            options.TimeoutMilliseconds = PatienceMs;
        }
    }
}
