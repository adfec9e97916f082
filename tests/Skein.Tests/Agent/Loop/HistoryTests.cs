using Microsoft.Extensions.AI;
using Skein.Agent;
using Skein.Core;
using Skein.Testing;

namespace Skein.Tests.Agent.Loop;

/// <summary>The conversation as it is sent.</summary>
public sealed class HistoryTests
{
    [Fact]
    public async Task A_call_without_a_result_gets_one()
    {
        var sent = await SendAsync(Sample.User("Go."), Sample.Assistant("p/m", Call("a"), Call("b"), new ToolResultPart("b", "")));

        Assert.Equal(
            ["user: Go.", "assistant: call a, call b", "tool: error a There is no result: the call was not carried out, or was interrupted., result b (no output)"], sent);
    }

    [Fact]
    public async Task Calls_of_the_same_name_are_told_apart()
    {
        var sent = await SendAsync(
            Sample.Assistant("p/m", Call("a"), new ToolResultPart("a", "one")), Sample.Assistant("p/m", Call("a"), new ToolResultPart("a", "two")));

        Assert.Equal(["assistant: call a", "tool: result a one", "assistant: call a_2", "tool: result a_2 two"], sent);
    }

    [Fact]
    public async Task A_message_that_holds_several_answers_is_taken_apart()
    {
        var sent = await SendAsync(Sample.Assistant(
            "p/m", new TextPart("One."), Call("a"), new TextPart("Still one."), new ToolResultPart("a", "1"), new TextPart("Two."), Call("b"), new ToolResultPart("b", "2"), new TextPart("Three.")));

        Assert.Equal(
            ["assistant: One., call a, Still one.", "tool: result a 1", "assistant: Two., call b", "tool: result b 2", "assistant: Three."], sent);
    }

    [Fact]
    public async Task Results_in_messages_of_their_own_find_their_calls()
    {
        var sent = await SendAsync(
            Sample.Assistant("p/m", Call("a")), Tool(new ToolResultPart("a", "1")), Tool(new ToolResultPart("gone", "2")), Sample.User("Go on."));

        Assert.Equal(["assistant: call a", "tool: result a 1", "user: Result of the tool call gone:\n2", "user: Go on."], sent);
    }

    [Fact]
    public async Task Messages_with_nothing_to_send_are_left_out()
    {
        var sent = await SendAsync(
            Sample.User(" "), Sample.User(), Sample.Assistant("p/m"), Sample.Assistant("p/m", new ReasoningPart("Hm.", "proof")), Sample.Assistant("p/m", new TextPart("\n")));

        Assert.Empty(sent);
    }

    [Fact]
    public async Task Thoughts_are_sent_back_only_to_the_provider_that_had_them()
    {
        var sent = await SendAsync(
            Sample.Assistant("p/other", new ReasoningPart("Mine.", "proof"), new TextPart("1")), Sample.Assistant("q/m", new ReasoningPart("Not mine.", "proof"), new TextPart("2")),
            Sample.Assistant(null, new ReasoningPart("Whose?", "proof"), new TextPart("3")));

        Assert.Equal(["assistant: (Mine. proof), 1", "assistant: 2", "assistant: 3"], sent);
    }

    [Fact]
    public async Task Files_that_cannot_be_shown_are_named()
    {
        var sent = await SendAsync(Sample.User(
            new FilePart("application/zip", "a.zip", new BlobRef(new string('0', 64), 1234, "application/zip")),
            new FilePart("image/png", "b.png", new BlobRef(new string('0', 64), 99, "image/png")),
            new FilePart("text/html", "c", Url: "https://example.org/")));

        Assert.Equal(
            [
                "user: [file a.zip (application/zip): 1,234 bytes, which you cannot be shown], [file b.png (image/png): whose content is no longer stored], "
                + "[file c (text/html): at https://example.org/]",
            ],
            sent);
    }

    // A turn that failed by it would fail ever after.
    [Fact]
    public async Task A_file_whose_content_is_damaged_is_named()
    {
        var image = Sample.User(new FilePart("image/png", "b.png", new BlobRef(new string('0', 64), 99, "image/png")));

        var sent = await SendAsync(new FakeTurn(Sample.Session("p/m"), [image]) { Damage = new DamagedException("The blob is damaged.") });

        Assert.Equal(["user: [file b.png (image/png): whose content is damaged]"], sent);
    }

    [Theory]
    [InlineData(true, "assistant: call 1, call 2", "tool: result 1 a picture, result 2 done", "user: What the tools showed:, DataContent", "assistant: seen")]
    [InlineData(false, "assistant: call 1, call 2", "tool: result 1 a picture, result 2 done", "user: What the tools showed:, [a.png: you are not known to take pictures, so it is not shown to you]", "assistant: seen")]
    public async Task A_picture_that_a_tool_found_follows_the_results(bool takesImages, params string[] expected)
    {
        var turn = new FakeTurn(Sample.Session("p/m"), []);
        var blob = await turn.PutBlobAsync(new MemoryStream([1, 2, 3]), "image/png", TestContext.Current.CancellationToken);
        var history = new History(turn, "p", takesImages);

        await history.AddAssistantAsync(
            [Call("1"), Call("2"), new ToolResultPart("1", "a picture"), new FilePart("image/png", "a.png", blob), new ToolResultPart("2", "done"), new TextPart("seen")], "p/m", TestContext.Current.CancellationToken);

        Assert.Equal(expected, history.Messages.Select(m => $"{m.Role}: {string.Join(", ", m.Contents.Select(Show))}"));
    }

    private static ToolCallPart Call(string id) => new(id, "read", Sample.Json("{}"));

    private static Message Tool(Part part) => Sample.User(part) with { Role = Role.Tool };

    private static Task<IEnumerable<string>> SendAsync(params Message[] messages) => SendAsync(new FakeTurn(Sample.Session("p/m"), messages));

    private static async Task<IEnumerable<string>> SendAsync(FakeTurn turn)
    {
        var history = new History(turn, "p");
        await history.AddAsync(turn.Messages, TestContext.Current.CancellationToken);
        return history.Messages.Select(m => $"{m.Role}: {string.Join(", ", m.Contents.Select(Show))}");
    }

    private static string Show(AIContent content) => content switch
    {
        TextContent text => text.Text,
        TextReasoningContent reasoning => $"({reasoning.Text} {reasoning.ProtectedData})",
        FunctionCallContent call => $"call {call.CallId}",
        FunctionResultContent result => $"{(result.Exception is null ? "result" : "error")} {result.CallId} {result.Result}",
        _ => content.GetType().Name,
    };
}
