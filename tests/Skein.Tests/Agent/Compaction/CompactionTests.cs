using System.Text.Json;
using Skein.Agent.Providers;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent.Providers;

namespace Skein.Tests.Agent.Compaction;

/// <summary>What the agent does when the conversation does not fit, against a server that says what it was sent.</summary>
public sealed class CompactionTests
{
    private const int Context = 8_000;
    private static readonly StreamedAnswer s_answer = new(new Said("Done."));
    private static readonly StreamedAnswer s_summary = new(new Said("The gist."));

    [Fact]
    public async Task Before_the_context_overflows_what_is_not_recent_is_summarised_and_the_turn_goes_on()
    {
        await using var wire = await StartAsync();
        wire.Server.Enqueue(s_summary with { Tokens = new(5_000, 50) }, s_answer);

        var turn = await wire.RunAsync(wire.Turn([.. Turns(wire, 5, 5_600), Sample.User("And now?")]));

        Assert.Null(turn.Failure);
        var summary = Assert.Single(turn.Messages, m => m.Summary is not null);
        Assert.Equal(("The gist.", 3, 5_000L), (summary.Summary!.Text, summary.Summary.Kept, summary.Usage!.Input));
        Assert.Equal(wire.Model, summary.Model);
        var (asked, sent) = (Text(wire, 0), Text(wire, 1));
        Assert.Contains("question 1", asked, StringComparison.Ordinal);
        Assert.Contains("answer 4", asked, StringComparison.Ordinal);
        Assert.DoesNotContain("question 5", asked, StringComparison.Ordinal);
        Assert.DoesNotContain("answer 4", sent, StringComparison.Ordinal);
        Assert.Contains("The gist.", sent, StringComparison.Ordinal);
        Assert.Contains("question 5", sent, StringComparison.Ordinal);
        Assert.EndsWith("And now?", sent.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_provider_counted_last_weighs_more_than_what_is_estimated()
    {
        await using var wire = await StartAsync();
        wire.Server.Enqueue(s_summary, s_answer, s_answer);
        var messages = Turns(wire, 3, 200);

        var full = await wire.RunAsync(wire.Turn([.. messages.SkipLast(1), messages[^1] with { Usage = new Usage(1_000, CacheRead: 6_500) }, Sample.User("Go on.")]));
        var roomy = await wire.RunAsync(wire.Turn([.. messages.SkipLast(1), messages[^1] with { Usage = new Usage(1_000) }, Sample.User("Go on.")]));

        Assert.Contains(full.Messages, m => m.Summary is not null);
        Assert.DoesNotContain(roomy.Messages, m => m.Summary is not null);
        Assert.Equal(3, wire.Server.Requests.Count);
    }

    [Fact]
    public async Task Where_that_makes_room_only_big_old_outputs_are_left_out()
    {
        await using var wire = await StartAsync();
        wire.Server.Enqueue(s_answer);
        Message[] messages = [
            Sample.User("Read it."),
            Sample.Assistant(wire.Model, new ToolCallPart("a", "read", Sample.Json("{}")), new ToolResultPart("a", "BEGINNING" + new string('x', 20_000))),
            Sample.User("Recent words " + new string('y', 9_000)),
            Sample.Assistant(wire.Model, new TextPart("Yes."))];

        var turn = await wire.RunAsync(wire.Turn([.. messages, Sample.User("Go on.")]));

        var pruned = Assert.Single(turn.Events.OfType<ContextPruned>());
        Assert.Equal((1, messages[1].Id), (pruned.Outputs, Assert.Single(pruned.Messages)));
        var sent = Text(wire, 0);
        Assert.Contains("BEGINNING", sent, StringComparison.Ordinal);
        Assert.Contains("more characters of this old output are left out", sent, StringComparison.Ordinal);
        Assert.True(sent.Length < 12_000, $"{sent.Length} characters were sent.");
        Assert.Contains("Recent words", sent, StringComparison.Ordinal);

        // The output itself stays, and what was left out stays out.
        var kept = turn.Messages[1];
        Assert.Equal(20_009, Assert.Single(kept.Parts.Select(p => p.Content).OfType<ToolResultPart>()).Output.Length);
        Assert.NotNull(kept.PrunedAt);
        wire.Server.Enqueue(s_answer);
        await wire.RunAsync(wire.Turn([.. turn.Messages, Sample.User("And on.")]));
        Assert.Contains("more characters of this old output are left out", Text(wire, 1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task When_the_provider_says_that_it_is_too_much_it_is_summarised_and_the_turn_goes_on(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(wire.Refuse(400, "context_length_exceeded", "prompt is too long: 9000 tokens > 8000 maximum context length"), s_summary, s_answer);

        var turn = await wire.RunAsync(wire.Turn([.. Turns(wire, 3, 3_000), Sample.User("And now?")]));

        Assert.Null(turn.Failure);
        Assert.Equal("Done.", turn.Last.Text);
        Assert.Single(turn.Messages, m => m.Summary is not null);
        Assert.Contains("And now?", Text(wire, 2), StringComparison.Ordinal);
        Assert.DoesNotContain("question 1", Text(wire, 2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_the_middle_of_a_long_turn_its_prompt_stays_word_for_word()
    {
        await using var wire = await StartAsync();
        for (var i = 0; i < 4; i++)
            wire.Server.Enqueue(new StreamedAnswer(new Said($"Step {i}."), new Called($"c{i}", "look", "{}")) { Tokens = new(1_500 * (i + 1), 20) });
        wire.Server.Enqueue(s_summary, s_answer);

        var looked = 0;
        var turn = await wire.RunAsync(wire.Turn(Sample.User("Look at everything, please.")), new FuncTool("look", (_, _) => Task.FromResult(new ToolOutput($"{++looked} {new string('z', 1_900)}"))));

        Assert.Null(turn.Failure);
        var summary = Assert.Single(turn.Messages, m => m.Summary is not null).Summary!;
        Assert.InRange(summary.Kept, 1, 3);
        var sent = Text(wire, 5);
        Assert.Contains("The gist.", sent, StringComparison.Ordinal);
        Assert.Contains("Look at everything, please.", sent, StringComparison.Ordinal);
        Assert.Contains("Step 3.", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("Step 0.", sent, StringComparison.Ordinal);

        // Calls and results stay together.
        var roles = wire.Server.Requests[5].Body.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("role").GetString()).ToList();
        Assert.Equal(["system", "user", "user"], roles[..3]);
        Assert.Equal(roles.Count(r => r == "assistant"), roles.Count(r => r == "tool"));
    }

    [Fact]
    public async Task On_demand_all_but_the_last_turn_is_summarised_with_what_is_to_be_kept()
    {
        await using var wire = await StartAsync();
        wire.Server.Enqueue(s_summary);

        var turn = await wire.RunAsync(Compacting(wire, "the name of the ship", Turns(wire, 3, 100)));

        Assert.Null(turn.Failure);
        var summary = turn.Last.Summary!;
        Assert.Equal(("The gist.", 2, "the name of the ship"), (summary.Text, summary.Kept, summary.Keep));
        Assert.Contains("keep above all: the name of the ship", Text(wire, 0), StringComparison.Ordinal);
        Assert.DoesNotContain("question 3", Text(wire, 0), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_summary_is_never_summarised_nor_its_tokens_counted_as_the_contexts()
    {
        await using var wire = await StartAsync();
        wire.Server.Enqueue(s_summary with { Tokens = new(7_900, 10) }, s_answer, new StreamedAnswer(new Said("Second gist.")), s_answer);

        var first = await wire.RunAsync(wire.Turn([.. Turns(wire, 5, 5_600), Sample.User("And now?")]));
        var more = await wire.RunAsync(wire.Turn([.. first.Messages, Sample.User("Still there?")]));
        Assert.Equal(3, wire.Server.Requests.Count);
        Assert.DoesNotContain(more.Events, e => e is MessageAdded { Role: Role.System });

        // On demand with nothing new but the last turn there is a second summary of it alone, beside the first.
        wire.Server.Clear();
        wire.Server.Enqueue(new StreamedAnswer(new Said("Second gist.")), s_answer);
        var second = await wire.RunAsync(Compacting(wire, null, more.Messages));
        Assert.Contains("<earlier-summary>\nThe gist.", Text(wire, 3), StringComparison.Ordinal);
        Assert.DoesNotContain("The gist.", Text(wire, 3)[Text(wire, 3).IndexOf("<conversation>", StringComparison.Ordinal)..], StringComparison.Ordinal);
        await wire.RunAsync(wire.Turn([.. second.Messages, Sample.User("On.")]));
        Assert.Contains("<summary>\nThe gist.\n</summary>\n\n<summary>\nSecond gist.\n</summary>", Text(wire, 4), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_summary_that_fails_or_is_empty_changes_nothing()
    {
        await using var wire = await StartAsync();
        wire.Server.Enqueue(wire.Refuse(401, "invalid_api_key", "no"), new StreamedAnswer(new Said(" ")), new StreamedAnswer(new Said(" ")));

        var refused = await wire.RunAsync(Compacting(wire, null, Turns(wire, 3, 100)));
        var empty = await wire.RunAsync(Compacting(wire, null, Turns(wire, 3, 100)));

        Assert.Equal(FailureKind.Auth, refused.Failure!.Kind);
        Assert.StartsWith("The conversation could not be summarised: ", empty.Failure!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(refused.Events.Concat(empty.Events), e => e is MessageAdded or MessageCompleted or PartAdded);
    }

    [Fact]
    public async Task A_summary_that_is_interrupted_changes_nothing()
    {
        await using var wire = await StartAsync();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        wire.Server.Enqueue(new StreamedAnswer(new Said("Half a gi"), new Stalled(new TaskCompletionSource().Task, reached)));
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var turn = Compacting(wire, null, Turns(wire, 3, 100));
        List<AgentOutput> outputs = [];

        var running = Task.Run(
            async () =>
            {
                await foreach (var output in wire.Agent(Sample.AtOnce).RunTurnAsync(turn, interrupt.Token))
                    outputs.Add(output);
            },
            TestContext.Current.CancellationToken);
        await reached.Task.WaitAsync(TestContext.Current.CancellationToken);
        await interrupt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Empty(outputs);
    }

    [Fact]
    public async Task A_prompt_that_alone_is_too_long_is_a_clear_error_and_no_loop()
    {
        await using var wire = await StartAsync();
        wire.Server.Otherwise = _ => s_summary;

        var turn = await wire.RunAsync(wire.Turn([.. Turns(wire, 2, 100), Sample.User(new string('p', 60_000))]));

        Assert.Equal(FailureKind.Overflow, turn.Failure!.Kind);
        Assert.Contains("nothing is left to summarise", turn.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("takes 8,000", turn.Failure.Message, StringComparison.Ordinal);
        Assert.InRange(wire.Server.Requests.Count, 0, 1);
    }

    [Fact]
    public async Task A_provider_that_refuses_whatever_it_is_sent_ends_the_turn()
    {
        await using var wire = await StartAsync();
        wire.Server.Otherwise = _ => wire.Refuse(400, "context_length_exceeded", "too long");
        var always = await wire.RunAsync(wire.Turn([.. Turns(wire, 5, 1_000), Sample.User("Go.")]));
        var asked = wire.Server.Requests.Count;

        // It summarises, but takes nothing for an answer.
        wire.Server.Otherwise = r => IsSummarising(r) ? s_summary : wire.Refuse(400, "context_length_exceeded", "too long");
        var nearly = await wire.RunAsync(wire.Turn([.. Turns(wire, 5, 1_000), Sample.User("Go.")]));

        Assert.Equal((FailureKind.Overflow, FailureKind.Overflow), (always.Failure!.Kind, nearly.Failure!.Kind));
        Assert.Contains("nothing is left to summarise", nearly.Failure.Message, StringComparison.Ordinal);
        Assert.InRange(asked, 2, 8);
        Assert.InRange(wire.Server.Requests.Count - asked, 2, 8);
    }

    [Theory]
    [InlineData(8_192, 8_192)]
    [InlineData(8_192, 100_000)]
    [InlineData(8_192, null)]
    public async Task An_answer_that_may_be_as_long_as_the_context_leaves_room_to_ask(int context, int? output)
    {
        await using var wire = await Wire.StartAsync("openai", models: new Dictionary<string, ModelFacts> { ["any"] = new(context, output) });
        wire.Server.Otherwise = _ => s_answer;

        var turn = await wire.RunAsync(wire.Turn([.. Turns(wire, 2, 1_000), Sample.User("Go.")]));

        Assert.Null(turn.Failure);
        Assert.DoesNotContain(turn.Messages, m => m.Summary is not null);
        Assert.Single(wire.Server.Requests);
    }

    private static Task<Wire> StartAsync() =>
        Wire.StartAsync("openai", models: new Dictionary<string, ModelFacts> { ["any"] = new(Context, 1_000) });

    private static FakeTurn Compacting(Wire wire, string? keep, IReadOnlyList<Message> messages) =>
        new(Sample.Session(wire.Model), messages) { Compaction = new TurnCompaction(keep) };

    /// <summary>Turns of a question and an answer of so many characters.</summary>
    private static List<Message> Turns(Wire wire, int count, int length)
    {
        List<Message> messages = [];
        for (var n = 1; n <= count; n++)
        {
            var turn = Sample.Ids.Next<TurnId>();
            messages.Add(Sample.User($"question {n}") with { Turn = turn });
            messages.Add(Sample.Assistant(wire.Model, new TextPart($"answer {n} {new string('a', length)}")) with { Turn = turn });
        }

        return messages;
    }

    private static bool IsSummarising(ModelRequest request) => request.Body.GetRawText().Contains("<conversation>", StringComparison.Ordinal);

    /// <summary>All that the model was sent with a request, but for its instructions.</summary>
    private static string Text(Wire wire, int request) => string.Join('\n', wire.Server.Requests[request].Body.GetProperty("messages").EnumerateArray()
        .Where(m => m.GetProperty("role").GetString() != "system")
        .SelectMany(m => Strings(m.GetProperty("content"))));

    private static IEnumerable<string> Strings(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.String => [content.GetString()!],
        JsonValueKind.Array => content.EnumerateArray().SelectMany(part => part.TryGetProperty("text", out var text) ? Strings(text) : part.TryGetProperty("content", out var inner) ? Strings(inner) : []),
        _ => [],
    };
}
