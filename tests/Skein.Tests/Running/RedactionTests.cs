using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Redaction;
using Skein.Testing;
using Skein.Tests.Core.Redaction;

namespace Skein.Tests.Running;

public sealed class RedactionTests
{
    private static readonly string s_token = new Made(1).Tokens.First(t => t.Kind == "github-token").Secret;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_secret_of_a_turn_is_on_the_disk_and_all_else_is()
    {
        var made = new Made(11);
        var secrets = made.Tokens.Select(t => (Text: t.Secret, t.Secret)).Concat(made.InContext.Select(c => (Text: c.Before + c.Secret + c.After, c.Secret)))
            .Append((Text: "in the environment", Secret: "in-the-environment-17")).ToList();
        var prompted = "I use " + made.Tokens[0].Secret;
        var clean = made.Clean(5000);
        var redactor = Redactor.For([new("APP_PASSWORD", "in-the-environment-17")], []);
        var texts = secrets.Select(s => s.Text.Replace("in the environment", s.Secret, StringComparison.Ordinal)).ToList();
        await using var kernel = await Kernel.StartAsync(redactor, ScriptedAgent.Kind((turn, _) => Leaking(turn, texts, clean)));
        var session = await kernel.NewSessionAsync();

        await kernel.TurnAsync(session, prompted);

        var files = await OnDiskAsync(kernel);
        Assert.All(secrets.Skip(1), s =>
        {
            var lines = s.Secret.Split('\n').Where(line => line.Length > 20 && !line.StartsWith("--", StringComparison.Ordinal)).Append(s.Secret);
            Assert.All(lines, line => Assert.DoesNotContain(line, files, StringComparison.Ordinal));
        });
        var messages = await kernel.MessagesAsync(session);
        Assert.Equal(prompted, messages[0].Text);
        var parts = messages[1].Parts.Select(p => p.Content).ToList();
        Assert.Equal(texts[0], Assert.Single(parts.OfType<TextPart>()).Text);
        Assert.Equal(clean, parts.OfType<ToolResultPart>().Last().Output);
        Assert.Null(parts.OfType<ToolResultPart>().Last().Redacted);
        Assert.All(parts.OfType<ToolCallPart>().SkipLast(1), call => Assert.NotNull(call.Redacted));
        Assert.All(parts.OfType<ToolResultPart>().SkipLast(1), result => Assert.Equal(1, result.Redacted!.Values.Sum()));
        Assert.All(parts.OfType<ToolResultPart>().SkipLast(1), result => Assert.Equal(3, result.Whole!.Redacted!.Values.Sum()));
    }

    [Fact]
    public async Task What_is_kept_as_a_blob_is_redacted_before_it_is_hashed()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, _) => Leaking(turn, [s_token], "clean")));
        var session = await kernel.NewSessionAsync();
        await kernel.TurnAsync(session, "go");

        var whole = (await kernel.MessagesAsync(session))[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().First().Whole!;
        await using var content = (await kernel.Store.FindBlobAsync(whole.Sha256, Cancellation))!;
        var text = await new StreamReader(content).ReadToEndAsync(Cancellation);

        Assert.Equal(Redactor.RulesOnly.Redact(Whole(s_token)), text);
        Assert.Equal(Encoding.UTF8.GetByteCount(text), whole.Size);
        Assert.StartsWith("[redacted: github-token]", whole.Head, StringComparison.Ordinal);
        Assert.Equal(3, whole.Redacted!["github-token"]);
    }

    [Fact]
    public async Task Turned_off_everything_is_kept()
    {
        await using var kernel = await Kernel.StartAsync(Redactor.Off, ScriptedAgent.Kind((turn, _) => Leaking(turn, [s_token], "clean")));
        var session = await kernel.NewSessionAsync();

        await kernel.TurnAsync(session, "go");

        var result = (await kernel.MessagesAsync(session))[1].Parts.Select(p => p.Content).OfType<ToolResultPart>().First();
        Assert.Equal(($"out {s_token} ", null), (result.Output, result.Redacted));
        Assert.StartsWith(s_token, result.Whole!.Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_agent_says_of_its_failure_is_redacted()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((_, _) => Failing()));
        var session = await kernel.NewSessionAsync();

        await kernel.TurnAsync(session, "go");

        Assert.Equal("Wrong key: [redacted: github-token]", (await kernel.GetAsync(session)).Failure!.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_whose_arguments_were_redacted_is_not_carried_out_after_a_restart_but_asked_again(bool redacted)
    {
        var seen = new List<IReadOnlyList<Part>>();
        var command = redacted ? $"login {s_token}" : "login";
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, ct) => Asking(turn, command, seen, ct)));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("do it"), Kernel.User, Cancellation);
        var asked = (PermissionAsked)(await kernel.EventAsync<PermissionAsked>(session)).Body;

        await kernel.RestartAsync();
        await kernel.Sessions.AnswerAsync(session, asked.Permission, new PermissionReply(PermissionAnswer.Once), Kernel.User, Cancellation);
        await kernel.EventAsync<TurnCompleted>(session);

        var parts = seen[^1];
        Assert.Equal(redacted ? "login [redacted: github-token]" : "login", parts.OfType<ToolCallPart>().First().Arguments.GetProperty("command").GetString());
        Assert.Equal(redacted ? 1 : 0, parts.OfType<ToolResultPart>().Count());
        if (redacted)
        {
            var told = parts.OfType<ToolResultPart>().Single();
            Assert.True(told.IsError);
            Assert.Contains("Make it again", told.Output, StringComparison.Ordinal);
        }

        Assert.Empty((await kernel.GetAsync(session)).Questions);
    }

    [Fact]
    public async Task A_call_with_a_secret_goes_on_with_it_as_long_as_the_server_lives()
    {
        var seen = new List<IReadOnlyList<Part>>();
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((turn, ct) => Asking(turn, $"login {s_token}", seen, ct)));
        var session = await kernel.NewSessionAsync();
        await kernel.Sessions.PromptAsync(session, new PromptRequest("do it"), Kernel.User, Cancellation);
        var asked = (PermissionAsked)(await kernel.EventAsync<PermissionAsked>(session)).Body;

        await kernel.Sessions.AnswerAsync(session, asked.Permission, new PermissionReply(PermissionAnswer.Once), Kernel.User, Cancellation);
        await kernel.EventAsync<TurnCompleted>(session);

        Assert.Equal(("login [redacted: github-token]", "[redacted: github-token]", null), (asked.Title, asked.Detail, asked.Pattern));
        var result = Assert.Single((await kernel.MessagesAsync(session))[^1].Parts.Select(p => p.Content).OfType<ToolResultPart>());
        Assert.Equal($"Once {s_token.Length}", result.Output);
    }

    private static string Whole(string text) => text + " " + new string('.', 262_000) + "\n" + text + " " + new string('.', 9000) + " " + text + " ";

    // One call for every text, and a last one with none.
    private static async IAsyncEnumerable<AgentOutput> Leaking(ITurn turn, List<string> texts, string clean)
    {
        var message = turn.Ids.Next<MessageId>();
        yield return ScriptedAgent.Begin(message);
        yield return new PartAdded(message, turn.Ids.Next<PartId>(), new TextPart(texts[0]));
        for (var i = 0; i < texts.Count; i++)
        {
            var (id, text) = ($"c{i}", texts[i]);
            var arguments = JsonSerializer.SerializeToElement(new Dictionary<string, object> { ["command"] = "x " + text, ["deep"] = new[] { new Dictionary<string, string> { [text] = text } } });
            var live = turn.Ids.Next<PartId>();
            yield return new AgentDelta(message, live, StreamKind.ToolCall, arguments.GetRawText(), id, "bash");
            yield return new PartAdded(message, live, new ToolCallPart(id, "bash", arguments));
            yield return new ToolStarted(message, id, "bash", "$ x " + text);
            using var content = new MemoryStream(Encoding.UTF8.GetBytes(Whole(text)));
            var blob = await turn.PutBlobAsync(content, "text/plain; charset=utf-8", CancellationToken.None);
            yield return new AgentEvents(
            [
                new ToolFinished(message, id, false, 1, JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["diff"] = text })),
                new PartAdded(message, turn.Ids.Next<PartId>(), new ToolResultPart(id, $"out {text} ", Whole: blob)),
            ]);
        }

        yield return new PartAdded(message, turn.Ids.Next<PartId>(), new ToolCallPart("last", "bash", JsonElement.Parse("{}")));
        yield return new PartAdded(message, turn.Ids.Next<PartId>(), new ToolResultPart("last", clean));
        yield return new MessageCompleted(message, StopReason.End);
    }

    private static async IAsyncEnumerable<AgentOutput> Failing()
    {
        await Task.CompletedTask;
        yield return new TurnFailure(FailureKind.Auth, null, $"Wrong key: {s_token}");
    }

    // Tells what it found when it began, asks once about its call, and answers with what it knows of it.
    private static async IAsyncEnumerable<AgentOutput> Asking(
        ITurn turn, string command, List<IReadOnlyList<Part>> seen, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        seen.Add([.. turn.Messages[^1].Parts.Select(p => p.Content)]);
        if (turn.Messages[^1].Role == Role.Assistant)
        {
            foreach (var call in turn.Messages[^1].UnansweredCalls)
                yield return new PartAdded(turn.Messages[^1].Id, turn.Ids.Next<PartId>(), new ToolResultPart(call.CallId, "done"));
            yield break;
        }

        var message = turn.Ids.Next<MessageId>();
        yield return ScriptedAgent.Begin(message);
        yield return new AgentEvents(
        [
            new PartAdded(message, turn.Ids.Next<PartId>(), new ToolCallPart("c1", "bash", JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["command"] = command }))),
            new MessageCompleted(message, StopReason.ToolUse),
        ]);
        var question = new PermissionAsked(turn.Ids.Next<PermissionId>(), turn.Id, "c1", "bash", command, command.Replace("login ", "", StringComparison.Ordinal), command);
        var answer = await turn.AskAsync(question, cancellationToken);
        yield return new PartAdded(message, turn.Ids.Next<PartId>(), new ToolResultPart("c1", $"{answer.Answer} {command.Length - "login ".Length}"));
    }

    private static async Task<string> OnDiskAsync(Kernel kernel)
    {
        await kernel.RestartAsync();
        var bytes = Directory.EnumerateFiles(kernel.Home, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)).Select(File.ReadAllBytes).ToList();
        return string.Join('\n', bytes.Select(Encoding.UTF8.GetString));
    }
}
