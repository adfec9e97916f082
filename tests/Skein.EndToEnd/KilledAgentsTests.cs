using System.Text.Json;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A real server that is killed while an agent works for an agent, with a model server on loopback.</summary>
public sealed class KilledAgentsTests : ModelBench
{
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected override Task SetUpAsync()
    {
        Model.Otherwise = Answer;
        User.Variables["OPENAI_BASE_URL"] = Model.OpenAiAddress;
        return Task.CompletedTask;
    }

    [Fact(Timeout = 120_000)]
    public async Task Kill_9_while_a_sub_agent_works_ends_both_turns_and_the_parent_goes_on_without_doing_it_twice()
    {
        using var run = User.Start("run", "--model", "openai/any", "Hand out: stall");
        run.Input.Close();
        await _stalled.Task.WaitAsync(Cancellation);
        await KillAsync(run);

        var mended = (await User.JsonAsync("ls")).GetProperty("items").EnumerateArray().ToList();
        var child = mended.Single(s => s.TryGetProperty("parent", out _));
        var parent = mended.Single(s => !s.TryGetProperty("parent", out _)).GetProperty("id").GetString()!;
        var next = await User.GoodAsync("run", "-s", parent, "Go on.");

        Assert.All(mended, s => Assert.Equal("interrupted", s.GetProperty("status").GetString()));
        Assert.Equal(parent, child.GetProperty("parent").GetString());
        Assert.Contains("\"reason\":\"crash\"", (await User.GoodAsync("export", child.GetProperty("id").GetString()!)).Out, StringComparison.Ordinal);
        Assert.Equal("Gone on.\n", next.Out);
        Assert.Equal(2, (await User.JsonAsync("ls")).GetProperty("items").GetArrayLength());
        Assert.Single(Model.Requests, r => Prompt(r) == "stall");
        Assert.Contains("Skein stopped while this call was open", Model.Requests[^1].Body.GetRawText(), StringComparison.Ordinal);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_sub_agent_asked_before_kill_9_is_answered_in_either_session_and_its_parent_is_told_the_result(bool inParent)
    {
        await User.GoodAsync("run", "--mode", "ask", "--model", "openai/any", "Begin.");
        await using (var first = await ClientAsync())
        {
            var session = (await first.ListAsync(new SessionQuery(), Cancellation)).Items[0].Id;
            var accepted = await first.PromptAsync(session, new PromptRequest("Hand out: write"), Cancellation);
            await first.FollowAsync(session, accepted.Seq, Cancellation).FirstAsync(f => f is EventFrame { Event.Body: PermissionAsked }, Cancellation);
        }

        await User.KillServerAsync();
        var waiting = (await User.JsonAsync("ls", "--status", "waiting")).GetProperty("items").EnumerateArray().ToList();
        var asked = waiting.Single(s => s.TryGetProperty("parent", out _) != inParent);
        var parent = waiting.Single(s => !s.TryGetProperty("parent", out _)).GetProperty("id").GetString()!;
        using var attached = User.Start("attach", parent, "--after", "0", "--json");
        await using (var client = await ClientAsync())
        {
            await client.AnswerAsync(
                SessionId.Parse(asked.GetProperty("id").GetString()!), PermissionId.Parse(asked.GetProperty("questions")[0].GetProperty("permission").GetString()!),
                new PermissionReply(PermissionAnswer.Once), Cancellation);
        }

        await attached.EventsUntilAsync("turn.completed");
        await attached.EventsUntilAsync("turn.completed");

        Assert.Equal(2, waiting.Count);
        Assert.Equal("from below\n", await File.ReadAllTextAsync(Path.Combine(User.Project, "made"), Cancellation));
        Assert.Contains("It is written.", Model.Requests[^1].Body.GetRawText(), StringComparison.Ordinal);
        var items = (await User.JsonAsync("ls")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["idle", "idle"], items.Select(s => s.GetProperty("status").GetString()));
        Assert.Single(Model.Requests, r => Prompt(r) == "write" && !IsAfterTool(r));
    }

    // The client first: it would have the next server carry the prompt out.
    private async Task KillAsync(RunningProgram run)
    {
        run.Kill();
        await User.KillServerAsync();
    }

    private async Task<SkeinClient> ClientAsync() => SkeinClient.ForSocket((await User.JsonAsync("status")).GetProperty("socket").GetString()!);

    private StreamedAnswer Answer(ModelRequest request) => (Prompt(request), IsAfterTool(request)) switch
    {
        ("Go on.", _) => new StreamedAnswer(new Said("Gone on.")),
        ("stall", _) => new StreamedAnswer(new Said("I begin"), new Stalled(new TaskCompletionSource().Task, _stalled)),
        ("write", false) => new StreamedAnswer(new Called("w", "write", JsonSerializer.Serialize(new { path = "made", content = "from below\n" }))),
        ("write", true) => new StreamedAnswer(new Said("It is written.")),
        (var prompt, false) when prompt.Split(": ") is ["Hand out", var work] => new StreamedAnswer(new Called("t", "task", JsonSerializer.Serialize(new { title = work, prompt = work }))),
        _ => new StreamedAnswer(new Said("Very well.")),
    };

    private static string Prompt(ModelRequest request) => Messages(request).Last(m => m.GetProperty("role").GetString() == "user").GetProperty("content").ToString();

    private static bool IsAfterTool(ModelRequest request) => Messages(request)[^1].GetProperty("role").GetString() == "tool";

    private static List<JsonElement> Messages(ModelRequest request) => [.. request.Body.GetProperty("messages").EnumerateArray()];
}
