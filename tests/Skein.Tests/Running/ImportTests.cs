using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Redaction;
using Skein.Testing;
using Skein.Tests.Store;

namespace Skein.Tests.Running;

public sealed class ImportTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_was_said_is_imported_in_its_order_and_an_import_imports_as_itself()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        for (var seed = 1; seed <= 40; seed++)
        {
            var said = new Transcript();
            foreach (var e in new RandomLog(seed, ["", "plain", "🦢", "\e[31m", "\"\\/\n", "日本語"]).Events(60))
                said.Apply(e);

            var first = await ImportAsync(kernel, said.Messages);
            var second = await ImportAsync(kernel, first);

            Assert.Equal(said.Messages.Select(m => (m.Role, m.Model, m.Usage, m.Cost)), first.Select(m => (m.Role, m.Model, m.Usage, m.Cost)));
            Assert.Equal(
                said.Messages.Where(m => !m.UnansweredCalls.Any()).Select(Parts),
                first.Where((_, i) => !said.Messages[i].UnansweredCalls.Any()).Select(Parts));
            Assert.All(first, m => Assert.True(m.Status is MessageStatus.Completed or MessageStatus.Error));
            Assert.Equal(first.Select(Meaning), second.Select(Meaning));
            Assert.Empty(first.Select(m => m.Id).Intersect(said.Messages.Select(m => m.Id)));
        }
    }

    [Fact]
    public async Task An_import_is_a_session_like_others_that_tells_where_it_came_from()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var origin = await kernel.NewSessionAsync();
        await kernel.TurnAsync(origin, "one");

        var import = (await kernel.Sessions.ImportAsync(
            new ImportRequest(kernel.Workspace, "elsewhere", "42", await kernel.MessagesAsync(origin), "nobody", Title: "Geese"), Kernel.User, Cancellation)).Session;
        await kernel.TurnAsync(import.Id, "two");
        await kernel.RestartAsync();

        Assert.Equal(["one", "You said: one", "two", "You said: two"], await kernel.TextsAsync(import.Id));
        var session = await kernel.GetAsync(import.Id);
        Assert.Equal(("elsewhere", "42", "Geese", 4), (session.Imported!.From, session.Imported.Id, session.Title, session.Messages));
        Assert.Equal(import.Agent, (await kernel.GetAsync(origin)).Agent);
        Assert.Equal(["one", "You said: one"], await kernel.TextsAsync(origin));
    }

    [Fact]
    public async Task An_output_of_twenty_megabytes_is_kept_beside_the_log_and_secrets_are_taken_out_whoever_hands_it_in()
    {
        await using var kernel = await Kernel.StartAsync(Redactor.RulesOnly, ScriptedAgent.Echo());
        var secret = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a";
        var output = string.Concat(Enumerable.Repeat("a line of the output\n", 1_000_000)) + secret;
        Part[] parts = [new ToolCallPart("1", "bash", JsonElement.Parse("{}")), new ToolResultPart("1", output)];

        var message = new Message(
            Some.Ids.Next<MessageId>(), 1, Role.Assistant, MessageStatus.Completed, [.. parts.Select(p => new MessagePart(Some.Ids.Next<PartId>(), p))], default, default);
        var imported = (await ImportAsync(kernel, [message]))[0];
        var added = await kernel.Sessions.AddMessageAsync(await kernel.NewSessionAsync(), new NewMessage(Role.Assistant, parts), Kernel.User, Cancellation);

        foreach (var result in (ToolResultPart[])[(ToolResultPart)imported.Parts[1].Content, (ToolResultPart)added.Parts[1].Content])
        {
            Assert.True(result.Output.Length < 40_000, $"{result.Output.Length}");
            Assert.Contains("[redacted: ", result.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, result.Output, StringComparison.Ordinal);
            Assert.Equal(1, result.Redacted!.Values.Sum());
            await using var whole = await kernel.Sessions.FindBlobAsync(result.Whole!.Sha256, Cancellation);
            using var reader = new StreamReader(whole!);
            var kept = await reader.ReadToEndAsync(Cancellation);
            Assert.StartsWith(output[..20_000_000], kept, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, kept, StringComparison.Ordinal);
        }

        Assert.All(Directory.GetFiles(Path.Combine(kernel.Home, "sessions"), "*.jsonl", SearchOption.AllDirectories), f => Assert.True(new FileInfo(f).Length < 100_000));
    }

    [Fact]
    public async Task An_import_that_is_asked_for_again_with_its_key_is_made_once()
    {
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Echo());
        var request = new ImportRequest(kernel.Workspace, "elsewhere", "42", []);

        var first = await kernel.Sessions.ImportAsync(request, new Cause("test", "key"), Cancellation);
        var second = await kernel.Sessions.ImportAsync(request, new Cause("test", "key"), Cancellation);

        Assert.Equal(first.Session.Id, second.Session.Id);
        await Assert.ThrowsAsync<InvalidRequestException>(() => kernel.Sessions.ImportAsync(request with { From = "" }, Kernel.User, Cancellation));
        await Assert.ThrowsAsync<InvalidRequestException>(() => kernel.Sessions.ImportAsync(request with { Workspace = "/no/such" }, Kernel.User, Cancellation));
    }

    private static async Task<IReadOnlyList<Message>> ImportAsync(Kernel kernel, IReadOnlyList<Message> messages)
    {
        var made = await kernel.Sessions.ImportAsync(new ImportRequest(kernel.Workspace, "test", "1", messages), Kernel.User, Cancellation);
        Assert.Equal(messages.Count, made.Session.Messages);
        return await kernel.MessagesAsync(made.Session.Id);
    }

    private static string Parts(Message message) => string.Join('\n', message.Parts.Select(p => JsonSerializer.Serialize(p.Content, SkeinJson.Relaxed.Part)));

    private static (Role, MessageStatus, StopReason?, string?, Usage?, decimal?, string) Meaning(Message message) =>
        (message.Role, message.Status, message.Stop, message.Model, message.Usage, message.Cost, Parts(message));
}
