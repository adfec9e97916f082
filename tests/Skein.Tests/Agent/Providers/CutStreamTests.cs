using System.Text;
using Skein.Agent;
using Skein.Core;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>What a provider sent, cut at every place and in pieces of every size: the same answer or a clear failure, and an end.</summary>
public sealed class CutStreamTests
{
    private static readonly StreamedAnswer s_answer =
        new(new Thought("Größe?", "seal"), new Said("First, ", "a \"wörd\": 日本 🦢."), new Called("call_1", "read", "{\"path\":", " \"ä\"}")) { Tokens = new AnswerTokens(7, 9) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Timeout = 120_000)]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("responses")]
    [InlineData("ollama")]
    public async Task A_stream_that_ends_anywhere_is_whole_or_a_failure(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        var sent = await RecordAsync(wire);
        var whole = await PlayAsync(wire, sent);
        Assert.Equal(("Größe?", "First, a \"wörd\": 日本 🦢.", "read ä", null), whole);

        var failed = 0;
        for (var length = 0; length < sent.Length; length++)
        {
            var (thought, text, call, failure) = await PlayAsync(wire, sent.AsMemory(0, length));
            if (failure is null)
                Assert.True((thought, text, call) == (whole.Thought, whole.Text, whole.Call), $"Cut at {length} of {sent.Length}: '{thought}', '{text}', {call ?? "no call"}, and no failure.");
            else
                failed++;
            // A call that did not arrive whole is not made.
            Assert.True(failure is null || call is null, $"Cut at {length} of {sent.Length}: failed, and the call is kept.");
        }

        Assert.True(failed > sent.Length / 2);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("openai", 1)]
    [InlineData("openai", 3)]
    [InlineData("anthropic", 1)]
    [InlineData("anthropic", 7)]
    [InlineData("responses", 1)]
    [InlineData("responses", 5)]
    [InlineData("ollama", 1)]
    [InlineData("ollama", 11)]
    public async Task Where_the_pieces_end_makes_no_difference(string provider, int size)
    {
        await using var wire = await Wire.StartAsync(provider);
        var sent = await RecordAsync(wire);

        Assert.Equal(await PlayAsync(wire, sent), await PlayAsync(wire, sent, size));
    }

    private static async Task<byte[]> RecordAsync(Wire wire)
    {
        wire.Server.Enqueue(s_answer);
        using var http = new HttpClient();
        using var content = new StringContent("""{"stream":true}""", Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(
            wire.Server.Address + (wire.Provider switch { "anthropic" => "/v1/messages", "responses" => "/v1/responses", "ollama" => "/api/chat", _ => "/v1/chat/completions" }), content, Cancellation);
        return await response.Content.ReadAsByteArrayAsync(Cancellation);
    }

    private static async Task<(string? Thought, string Text, string? Call, string? Failure)> PlayAsync(Wire wire, ReadOnlyMemory<byte> sent, int pieces = 0)
    {
        wire.Server.Enqueue(new WholeAnswer("text/event-stream", sent, pieces), new StreamedAnswer(new Said("Done.")));
        var turn = await TurnRecord.RunAsync(
            wire.Agent(new RetryPlan([], 0, TimeSpan.Zero), new FuncTool("read", "text")), wire.Turn(Sample.User("Go.")));
        if (turn.Failure is not null)
            wire.Server.Clear();
        var said = turn.Messages[1];
        var parts = said.Parts.Select(p => p.Content).ToList();
        return (
            parts.OfType<ReasoningPart>().SingleOrDefault()?.Text, said.Text,
            parts.OfType<ToolCallPart>().Select(c => $"{c.Tool} {c.Arguments.GetProperty("path")}").SingleOrDefault(), turn.Failure?.Message);
    }
}
