using System.Text;
using Skein.Agent;
using Skein.Core;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>What a provider sent, cut at every place and in pieces of every size: the same answer or a clear failure, and an end.</summary>
public sealed class CutStreamTests
{
    private static readonly StreamedAnswer s_answer =
        new(new Said("First, ", "a \"word\"."), new Called("call_1", "read", "{\"path\":", " \"a\"}")) { Tokens = new AnswerTokens(7, 9) };

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
        Assert.Equal(("First, a \"word\".", "read", null), whole);

        var failed = 0;
        for (var length = 0; length < sent.Length; length++)
        {
            var (text, tool, failure) = await PlayAsync(wire, sent[..length]);
            if (failure is null)
                Assert.True((text, tool) == (whole.Text, whole.Tool), $"Cut at {length} of {sent.Length}: '{text}', {tool ?? "no call"}, and no failure.");
            else
                failed++;
            // A call that did not arrive whole is not made.
            Assert.True(failure is null || tool is null, $"Cut at {length} of {sent.Length}: failed, and the call is kept.");
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

    private static async Task<string> RecordAsync(Wire wire)
    {
        wire.Server.Enqueue(s_answer);
        using var http = new HttpClient();
        using var content = new StringContent("""{"stream":true}""", Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(
            wire.Server.Address + (wire.Provider switch { "anthropic" => "/v1/messages", "responses" => "/v1/responses", "ollama" => "/api/chat", _ => "/v1/chat/completions" }), content, Cancellation);
        return await response.Content.ReadAsStringAsync(Cancellation);
    }

    private static async Task<(string Text, string? Tool, string? Failure)> PlayAsync(Wire wire, string sent, int pieces = 0)
    {
        wire.Server.Enqueue(new WholeAnswer("text/event-stream", sent, pieces), new StreamedAnswer(new Said("Done.")));
        var turn = await TurnRecord.RunAsync(
            wire.Agent(new RetryPlan([], 0, TimeSpan.Zero), new FuncTool("read", "text")), wire.Turn(Sample.User("Go.")));
        if (turn.Failure is not null)
            wire.Server.Clear();
        var said = turn.Messages[1];
        return (said.Text, said.Parts.Select(p => p.Content).OfType<ToolCallPart>().SingleOrDefault()?.Tool, turn.Failure?.Message);
    }
}
