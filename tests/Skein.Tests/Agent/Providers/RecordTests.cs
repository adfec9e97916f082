using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Agent.Providers.Records;
using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>What a provider said is written down, and played without it and without a key.</summary>
public sealed class RecordTests : IDisposable
{
    private static readonly StreamedAnswer s_first = new(new Thought("Hm.", "proof"), new Said("First, ", "ä \"word\" 🙂."), new Called("call_1", "read", "{\"path\":", " \"a\"}")) { Tokens = new AnswerTokens(7, 9) };

    private readonly TempFolder _folder = new();

    public static TheoryData<string> Providers => ["openai", "anthropic", "responses", "ollama"];

    private string File => _folder.Below("session.record");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task A_turn_is_played_as_it_was_with_what_was_tried_again_and_costs_the_same(string provider)
    {
        var before = await RecordAsync(provider);

        var played = await PlayAsync("Go.");

        Assert.Null(played.Failure);
        Assert.Equal(Shown(before), Shown(played));
        Assert.Single(played.Events.OfType<ModelRetried>());
        Assert.Equal(before.Messages.Sum(m => m.Usage?.Input), played.Messages.Sum(m => m.Usage?.Input));
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("responses")]
    public async Task What_was_recorded_holds_neither_keys_nor_their_headers(string provider)
    {
        await RecordAsync(provider, last: wire => wire.Refuse(401, "authentication_error", $"Incorrect API key provided: {Wire.Key}."));

        var text = await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(Wire.Key, text, StringComparison.Ordinal);
        Assert.DoesNotContain("authorization", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("x-api-key", text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Incorrect API key provided: ***", text, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.Equal(FailureKind.Auth, (await PlayAsync("Go.")).Failure?.Kind);
    }

    [Fact]
    public async Task Bytes_and_the_places_where_their_pieces_ended_are_those_of_the_wire()
    {
        await using (var wire = await Wire.StartAsync("openai", recorder: new ModelRecorder(File)))
        {
            wire.Server.Enqueue(new WholeAnswer("text/event-stream", "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Grüße €\"},\"finish_reason\":\"stop\"}]}\r\n\r\n: ping\n\ndata: [DONE]\n\n", 7));
            Assert.Equal("Grüße €", (await wire.RunAsync()).Last.Text);
        }

        var line = System.Text.Json.JsonDocument.Parse(Assert.Single(await System.IO.File.ReadAllLinesAsync(File, TestContext.Current.CancellationToken))).RootElement;
        Assert.Contains("\r\n\r\n: ping\n\n", line.GetProperty("body").GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(line.GetProperty("cuts").EnumerateArray().Last().GetInt32(), System.Text.Encoding.UTF8.GetByteCount(line.GetProperty("body").GetProperty("text").GetString()!));
        Assert.Contains("\"stream\":true", line.GetProperty("request").GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal("Grüße €", (await PlayAsync("Go.")).Last.Text);
    }

    [Fact]
    public async Task A_request_that_was_not_recorded_is_an_error_that_says_where_it_differs()
    {
        await RecordAsync("openai");

        var other = await PlayAsync("Stop.");
        var later = await PlayAsync("Go.", "another text");

        Assert.Equal(FailureKind.BadRequest, other.Failure?.Kind);
        Assert.Contains("message 1 of 1 is {\"role\":\"user\",\"content\":\"Stop.\"}, and in the record {\"role\":\"user\",\"content\":\"Go.\"}", other.Failure!.Message, StringComparison.Ordinal);
        Assert.Contains("message 3 of 3", later.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_record_cannot_be_a_model()
    {
        using var models = new ModelCatalog([], _ => null, new Dictionary<string, Script>(), TimeProvider.System);
        await System.IO.File.WriteAllTextAsync(File, "no JSON\n", TestContext.Current.CancellationToken);

        Assert.Contains("line 1", models.CheckModel($"replay:{File}"), StringComparison.Ordinal);
        Assert.Contains("cannot be read", models.CheckModel($"replay:{File}.gone"), StringComparison.Ordinal);
        Assert.Contains("absolute path", models.CheckModel("replay:x"), StringComparison.Ordinal);
        Assert.Throws<InvalidRequestException>(() => new ModelRecorder(File));
    }

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Providers))]
    public async Task A_record_cut_at_every_byte_is_played_whole_or_as_a_failure(string provider)
    {
        await RecordAsync(provider);
        var lines = await System.IO.File.ReadAllLinesAsync(File, TestContext.Current.CancellationToken);
        var exchange = System.Text.Json.JsonSerializer.Deserialize(lines[1], RecordJson.Default.RecordedExchange)!;
        var body = exchange.Body.ToArray();
        var whole = Shown(await PlayAsync("Go."));

        var failed = 0;
        for (var length = 0; length <= body.Length; length++)
        {
            // In pieces of a byte, and ended in good order or broken.
            var cut = exchange with { Body = RecordedBytes.Of(body.AsSpan(0, length)), Cuts = [.. Enumerable.Range(1, length)], Broken = length % 2 == 0 ? null : "reset" };
            await System.IO.File.WriteAllLinesAsync(File, [System.Text.Json.JsonSerializer.Serialize(cut, RecordJson.Default.RecordedExchange), .. lines[2..]], TestContext.Current.CancellationToken);
            var played = await PlayAsync("Go.", retries: new RetryPlan([], 0, TimeSpan.Zero));
            if (played.Failure is null)
                Assert.True(Shown(played) == whole, $"Cut at {length} of {body.Length}: {Shown(played)}");
            else
                failed++;
        }

        Assert.InRange(failed, body.Length / 2, body.Length);
    }

    private async Task<TurnRecord> RecordAsync(string provider, Func<Wire, ModelAnswer>? last = null)
    {
        await using var wire = await Wire.StartAsync(provider, recorder: new ModelRecorder(File));
        wire.Server.Enqueue(wire.Refuse(529, "overloaded_error", "Busy.", ("retry-after", "0")), s_first, last?.Invoke(wire) ?? new StreamedAnswer(new Said("Done.")));
        return await wire.RunAsync(new FuncTool("read", "text"));
    }

    // Without any provider, and without a key.
    private async Task<TurnRecord> PlayAsync(string prompt, string output = "text", RetryPlan? retries = null)
    {
        using var models = new ModelCatalog([], _ => null, new Dictionary<string, Script>(), TimeProvider.System);
        var agent = new SkeinAgent(models, new Toolbox([new FuncTool("read", output)], Sample.Open), retries ?? Sample.AtOnce, TimeProvider.System);
        return await TurnRecord.RunAsync(agent, new FakeTurn(Sample.Session($"replay:{File}"), [Sample.User(prompt)]));
    }

    private static string Shown(TurnRecord turn) => string.Join('\n', turn.Messages.Skip(1).SelectMany(m => m.Parts).Select(p => p.Content switch
    {
        TextPart text => text.Text,
        ReasoningPart thought => $"({thought.Text} {thought.Signature})",
        ToolCallPart call => $"{call.Tool} {call.Arguments.GetRawText()}",
        ToolResultPart result => $"= {result.Output}",
        var other => other.ToString(),
    }));
}
