using System.Runtime.CompilerServices;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Testing;

namespace Skein.Tests.Server;

/// <summary>Sessions and messages in the words that other programs read.</summary>
public sealed class WireShapeTests
{
    private static readonly string[] s_ends = ["say", "fail", "ask", "hang"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // P-01, P-24.
    [Fact]
    public async Task A_session_tells_its_agent_what_that_calls_it_its_model_and_how_its_last_turn_ended()
    {
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Kind(Act));
        var id = (await api.Client.CreateAsync(new NewSession(api.Workspace, Model: "scripted/grey"), Cancellation)).Session.Id;
        var told = new List<(string? Status, string? Failure)>();
        foreach (var prompt in s_ends)
        {
            var accepted = await api.Client.PromptAsync(id, new PromptRequest(prompt), Cancellation);
            await api.EventAsync<EventBody>(id, accepted.Seq, e => e is TurnCompleted or TurnFailed or PermissionAsked or PartAdded { Content: TextPart { Text: "hangs" } });
            await TellAsync();
            if (prompt is "ask" or "hang")
                await api.Client.InterruptAsync(id, Cancellation);
        }

        var last = await TellAsync();

        Assert.Equal([("idle", null), ("error", "quota"), ("waiting", null), ("running", null), ("interrupted", null)], told);
        Assert.Equal(("scripted", "own-1", "scripted/grey", api.Workspace), (Text(last, "agent"), Text(last, "agent_session"), Text(last, "model"), Text(last, "workspace")));
        Assert.Equal(id.Value, Text(last, "id"));
        Assert.True(string.CompareOrdinal(Text(last, "created_at"), Text(last, "updated_at")) <= 0);

        async Task<JsonElement> TellAsync()
        {
            var session = JsonElement.Parse(await api.Http.GetStringAsync($"/v1/sessions/{id}", Cancellation));
            told.Add((Text(session, "status"), session.TryGetProperty("failure", out var failure) ? Text(failure, "kind") : null));
            return session;
        }
    }

    // P-02.
    [Fact]
    public async Task A_message_tells_who_said_it_when_and_its_parts_which_tool_was_called_by_what_id_with_what_result()
    {
        await using var api = await ApiServer.StartAsync(ScriptedAgent.Kind(Act));
        var id = await api.NewSessionAsync();
        await api.Client.AddMessageAsync(id, new NewMessage(Role.System, [new TextPart("Be brief.")]), Cancellation);
        await api.TurnAsync(id, "call");

        var page = JsonElement.Parse(await api.Http.GetStringAsync($"/v1/sessions/{id}/messages", Cancellation));

        var messages = page.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["system", "user", "assistant"], messages.Select(m => Text(m, "role")));
        Assert.All(messages, m => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", Text(m, "created_at")!));
        Assert.All(messages, m => Assert.StartsWith("msg_", Text(m, "id"), StringComparison.Ordinal));
        var parts = messages[2].GetProperty("parts").EnumerateArray().Select(p => p.GetProperty("content")).ToList();
        Assert.Equal(["tool_call", "tool_result", "text"], parts.Select(p => Text(p, "type")));
        Assert.Equal(("c1", "bash", "c1", "geese", "Done."), (Text(parts[0], "call_id"), Text(parts[0], "tool"), Text(parts[1], "call_id"), Text(parts[1], "output"), Text(parts[2], "text")));
    }

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static async IAsyncEnumerable<AgentOutput> Act(ITurn turn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var message = turn.Ids.Next<MessageId>();
        yield return new AgentLinked("scripted", "own-1");
        yield return ScriptedAgent.Begin(message);
        switch (turn.Messages[^1].Text)
        {
            case "fail":
                yield return new TurnFailure(FailureKind.Quota, "goose", "The corn is eaten.");
                break;
            case "ask":
                await turn.AskAsync(new PermissionAsked(turn.Ids.Next<PermissionId>(), turn.Id, "c1", "bash", "rm x"), cancellationToken);
                break;
            case "hang":
                yield return new PartAdded(message, turn.Ids.Next<PartId>(), new TextPart("hangs"));
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
            case "call":
                yield return new PartAdded(message, turn.Ids.Next<PartId>(), new ToolCallPart("c1", "bash", JsonElement.Parse("{}")));
                yield return new PartAdded(message, turn.Ids.Next<PartId>(), new ToolResultPart("c1", "geese"));
                yield return new PartAdded(message, turn.Ids.Next<PartId>(), new TextPart("Done."));
                break;
        }
    }
}
