using System.Text;
using System.Text.Json;
using Skein.Agent;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Redaction;
using Skein.Testing;
using Skein.Tests.Agent.Providers;
using Skein.Tests.Core.Redaction;

namespace Skein.Tests.Agent.Loop;

public sealed class RedactionTests
{
    private static readonly Made s_made = new(1);
    private static readonly string s_token = s_made.Tokens.First(t => t.Kind == "github-token").Secret;
    private static readonly string s_arguments = $$"""{"path":"{{s_token}}"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task A_tool_is_given_what_the_model_wrote_and_the_model_is_shown_what_the_log_holds(string provider)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new StreamedAnswer(new Called("a", "read", s_arguments)), new StreamedAnswer(new Said("Done.")));
        JsonElement given = default;
        var tool = new FuncTool("read", (arguments, _) =>
        {
            given = arguments;
            return Task.FromResult(new ToolOutput($"out {s_token}", Metadata: JsonElement.Parse(s_arguments)));
        });

        var turn = await wire.RunAsync(tool);

        Assert.Equal(s_arguments, given.GetRawText());
        var sent = wire.Server.Requests[1].Body.GetRawText();
        Assert.DoesNotContain(s_token, sent, StringComparison.Ordinal);
        Assert.Contains("out [redacted: github-token]", sent, StringComparison.Ordinal);
        Assert.Equal(2, sent.Split("[redacted: github-token]").Length - 1);
        var result = Result(turn);
        Assert.Equal(("out [redacted: github-token]", 1), (result.Output, result.Redacted!["github-token"]));
        Assert.Equal("""{"path":"[redacted: github-token]"}""", turn.Events.OfType<ToolFinished>().Single().Metadata!.Value.GetRawText());
    }

    [Fact]
    public async Task A_call_that_was_redacted_before_a_restart_is_not_carried_out()
    {
        var calls = Sample.Assistant(
            Looped.Model,
            new ToolCallPart("a", "edit", Sample.Json("""{"path":"[redacted: jwt]"}"""), new Dictionary<string, int> { ["jwt"] = 1 }),
            new ToolCallPart("b", "edit", Sample.Json("{}")));
        var tool = new FuncTool("edit", "did it", ToolEffect.Edit);

        var turn = await new Looped(Looped.Say("(what was said before)"), Looped.Say("Done.")) { Tools = [tool] }.RunAsync(Looped.Turn(Sample.User("Go."), calls));

        var results = turn.Messages[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().ToList();
        Assert.Equal([true, false], results.Select(r => r.IsError));
        Assert.Contains("Make it again", results[0].Output, StringComparison.Ordinal);
        Assert.Equal("b", Assert.Single(turn.Events.OfType<ToolStarted>()).CallId);
    }

    [Fact]
    public async Task Half_a_secret_is_not_left_where_a_title_or_an_output_is_cut()
    {
        var password = s_made.Of("abcdefghij0123456789", 40);
        var command = new string('x', 170) + $" https://u:{password}@h {s_token}";
        var output = new string('x', 19_980) + $" https://u:{password}@h " + new string('x', 20_000) + " " + s_token + "\n" + new string('y', 9_980);
        var fake = Looped.Turn(Sample.User("Go."));
        var tool = new TitledTool(command, output);

        var turn = await new Looped(Looped.Call("bash"), Looped.Say("Done.")) { Tools = [tool] }.RunAsync(fake);

        var shown = turn.Events.OfType<ToolStarted>().Single().Title + Result(turn).Output;
        for (var i = 0; i + 4 <= password.Length; i++)
            Assert.DoesNotContain(password.Substring(i, 4), shown, StringComparison.Ordinal);
        Assert.DoesNotContain(s_token[4..12], shown, StringComparison.Ordinal);
        Assert.InRange(turn.Events.OfType<ToolStarted>().Single().Title!.Length, 150, 200);
        var whole = Result(turn).Whole!;
        Assert.Equal([new("github-token", 1), new("url-password", 1)], whole.Redacted!);
        await using var blob = await fake.FindBlobAsync(whole.Sha256, Cancellation);
        Assert.Equal(Redactor.RulesOnly.Redact(output), await new StreamReader(blob!).ReadToEndAsync(Cancellation));
    }

    [Fact]
    public async Task A_rule_with_a_secret_in_it_is_not_remembered()
    {
        var remembered = new List<string>();
        var gate = new ToolGate(
            (_, _, _, _) => ValueTask.FromResult<ToolVerdict>(new ToolVerdict.Ask($"login {s_token} *")),
            (_, _, pattern, _) =>
            {
                remembered.Add(pattern);
                return ValueTask.CompletedTask;
            });
        var fake = new FakeTurn(Sample.Session(Looped.Model), [Sample.User("Go.")])
        {
            Answer = (question, _) => Task.FromResult(new PermissionAnswered(question.Permission, PermissionAnswer.Always)),
        };

        var turn = await new Looped(Looped.Call("bash"), Looped.Say("Done.")) { Tools = [new TitledTool($"login {s_token}", "in")], Gate = gate }.RunAsync(fake);

        var asked = Assert.Single(fake.Asked);
        Assert.Equal(("login [redacted: github-token]", "login [redacted: github-token]", null), (asked.Title, asked.Detail, asked.Pattern));
        Assert.Empty(remembered);
        Assert.Equal("in", Result(turn).Output);
    }

    [Fact]
    public async Task A_large_output_with_secrets_at_both_ends_of_what_is_shown_shows_none()
    {
        var text = s_token + " 1\n" + string.Concat(Enumerable.Repeat(s_token + "\n", 50_000)) + s_token;
        await using var captured = new OutputCapture();
        await captured.AppendAsync(Encoding.UTF8.GetBytes(text));
        var tool = new FuncTool("read", (_, _) => Task.FromResult(new ToolOutput(captured.Text(), Whole: captured.TakeWhole())));

        var turn = await new Looped(Looped.Call("read"), Looped.Say("Done.")) { Tools = [tool] }.RunAsync();

        Assert.DoesNotContain("gh" + "p_", Result(turn).Output, StringComparison.Ordinal);
        Assert.Equal(50_002, Result(turn).Whole!.Redacted!["github-token"]);
    }

    private static ToolResultPart Result(TurnRecord turn) =>
        turn.Messages.SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>().Last();

    private sealed class TitledTool(string command, string output) : ITool
    {
        public string Name => "bash";
        public string Description => "Runs.";
        public JsonElement Parameters { get; } = JsonElement.Parse("""{"type":"object"}""");

        public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken) =>
            ValueTask.FromResult(new ToolIntent(ToolEffect.Execute, command, command, command));

        public Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken) =>
            Task.FromResult(new ToolOutput(output));
    }
}
