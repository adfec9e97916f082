using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Skein.Agent.Settings;
using Skein.Agent.Telemetry;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core.Agents;
using Skein.Testing;
using Skein.Tests.Agent.Providers;

namespace Skein.Tests.Agent.Telemetry;

/// <summary>Traces and metrics by the conventions for generative AI.</summary>
public sealed class TelemetryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_turn_its_calls_and_its_tools_are_spans_of_one_trace_without_a_word_of_what_was_said()
    {
        var (spans, tokens) = await TraceAsync(tellsContent: false);

        var turn = Assert.Single(spans, s => s.OperationName == "invoke_agent skein");
        Assert.Equal(["chat any", "chat any", "chat any", "execute_tool read", "invoke_agent skein"], spans.Select(s => s.OperationName).Order(StringComparer.Ordinal));
        Assert.All(spans.Where(s => s != turn), s => Assert.Equal((turn.TraceId, turn.SpanId), (s.TraceId, s.ParentSpanId)));
        Assert.Equal("skein", turn.GetTagItem("gen_ai.agent.name"));
        Assert.Single(turn.Events, e => e.Name == "skein.model.retried");

        var chats = spans.Where(s => s.OperationName == "chat any").OrderBy(s => s.StartTimeUtc).ToList();
        Assert.All(chats, s => Assert.Equal((ActivityKind.Client, "chat", "openai", "any"), (s.Kind, s.GetTagItem("gen_ai.operation.name"), s.GetTagItem("gen_ai.provider.name"), s.GetTagItem("gen_ai.request.model"))));
        Assert.All(chats, s => Assert.Equal(turn.GetTagItem("gen_ai.conversation.id"), s.GetTagItem("gen_ai.conversation.id")));
        Assert.Equal(("overload", ActivityStatusCode.Error), (chats[0].GetTagItem("error.type"), chats[0].Status));
        Assert.Equal((17L, 9L, 10L), (chats[1].GetTagItem("gen_ai.usage.input_tokens"), chats[1].GetTagItem("gen_ai.usage.output_tokens"), chats[1].GetTagItem("gen_ai.usage.cache_read.input_tokens")));
        Assert.Equal(["tool_calls"], (string[])chats[1].GetTagItem("gen_ai.response.finish_reasons")!);
        Assert.Equal(("read", "call_1"), (spans.Single(s => s.OperationName == "execute_tool read").GetTagItem("gen_ai.tool.name"), spans.Single(s => s.OperationName == "execute_tool read").GetTagItem("gen_ai.tool.call.id")));
        Assert.Equal((27L, 14L), (tokens["input"], tokens["output"]));

        var told = string.Join('\n', spans.SelectMany(s => s.TagObjects).Select(t => $"{t.Key}={t.Value}"));
        Assert.All(new[] { "Secret plan", "I'll look", "a.txt", "hello" }, word => Assert.DoesNotContain(word, told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_said_is_told_where_it_is_asked_for()
    {
        var (spans, _) = await TraceAsync(tellsContent: true);

        var chat = spans.Where(s => s.OperationName == "chat any").MaxBy(s => s.StartTimeUtc)!;
        Assert.Contains("Secret plan", (string)chat.GetTagItem("gen_ai.input.messages")!, StringComparison.Ordinal);
        Assert.Contains("tool_call_response", (string)chat.GetTagItem("gen_ai.input.messages")!, StringComparison.Ordinal);
        Assert.Contains("Done.", (string)chat.GetTagItem("gen_ai.output.messages")!, StringComparison.Ordinal);
        Assert.Contains("a.txt", (string)spans.Single(s => s.OperationName == "execute_tool read").GetTagItem("gen_ai.tool.call.arguments")!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task They_are_sent_by_OTLP_to_where_the_settings_or_the_environment_say(bool inSettings)
    {
        await using var collector = await OtlpCollector.StartAsync(Cancellation);
        var settings = new TelemetrySettings(inSettings ? new Uri(collector.Address) : null);
        var exporting = Exporting.Start(settings, Here(name => name == "OTEL_EXPORTER_OTLP_ENDPOINT" && !inSettings ? collector.Address : null))!;
        await using (var wire = await Wire.StartAsync("openai", telemetry: exporting.Telemetry))
        {
            wire.Server.Enqueue(new StreamedAnswer(new Said("Done.")));
            await wire.RunAsync();
        }

        exporting.Dispose();

        Assert.Contains("chat any", collector.Received["/v1/traces"], StringComparison.Ordinal);
        Assert.Contains("gen_ai.usage.input_tokens", collector.Received["/v1/traces"], StringComparison.Ordinal);
        Assert.Contains("gen_ai.client.token.usage", collector.Received["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains("gen_ai.client.operation.duration", collector.Received["/v1/metrics"], StringComparison.Ordinal);
        Assert.DoesNotContain("Go.", collector.Received["/v1/traces"], StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_exported_unless_it_is_said_where_to_and_a_place_that_is_none_is_refused()
    {
        Assert.Null(Exporting.Start(new TelemetrySettings(), Here(_ => null)));
        Assert.Throws<SettingsException>(() => Exporting.Start(new TelemetrySettings(), Here(_ => "no address")));
    }

    private static Surroundings Here(Func<string, string?> variable)
    {
        var screen = new Terminal(TextWriter.Null, isTerminal: false, colors: false, 80);
        return new Surroundings(screen, screen, TextReader.Null, false, "/", variable, TimeProvider.System);
    }

    private static async Task<(IReadOnlyList<Activity> Spans, Dictionary<string, long> Tokens)> TraceAsync(bool tellsContent)
    {
        using var telemetry = new AgentTelemetry(tellsContent);
        var turn = new FakeTurn(Sample.Session("openai/any"), [Sample.User("Secret plan.")]);
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            // Others trace at the same time.
            ShouldListenTo = source => source == telemetry.Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var tokens = new Dictionary<string, long>();
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter == telemetry.Meter && instrument.Name == "gen_ai.client.token.usage")
                    self.EnableMeasurementEvents(instrument);
            },
        };
        meters.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            foreach (var tag in tags)
                if (tag.Key == "gen_ai.token.type")
                    tokens[(string)tag.Value!] = tokens.GetValueOrDefault((string)tag.Value!) + value;
        });
        meters.Start();

        await using var wire = await Wire.StartAsync("openai", telemetry: telemetry);
        wire.Server.Enqueue(
            RefusedAnswer.OpenAi(503, "overloaded", "Busy."),
            new StreamedAnswer(new Said("I'll look."), new Called("call_1", "read", "{\"path\":\"a.txt\"}")) { Tokens = new AnswerTokens(7, 9, CacheRead: 10) },
            new StreamedAnswer(new Said("Done.")));
        var agent = telemetry.Around(new AgentKind("skein", _ => wire.Agent(Sample.AtOnce, new FuncTool("read", "hello")), true, _ => null)).Open(turn.Session);
        Assert.Equal("Done.", (await TurnRecord.RunAsync(agent, turn)).Last.Text);
        return ([.. spans], tokens);
    }
}
