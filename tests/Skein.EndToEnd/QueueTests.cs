using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.EndToEnd;

/// <summary>Prompts that wait, as a person sees to them at the command line.</summary>
public sealed class QueueTests : IAsyncDisposable
{
    private readonly User _user = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task Prompts_that_wait_are_shown_edited_taken_back_and_survive_kill_9()
    {
        var model = _user.ScriptOf(
            new { type = "text", text = new string('.', 10_000), chunk = 1, delay_ms = 20 },
            new { type = "text", text = "Two." }, new { type = "text", text = "Three." });
        using var first = _user.Start("run", "--json", "--model", model, "First.");
        first.Input.Close();
        await first.EventsUntilAsync("turn.started");
        var status = await _user.JsonAsync("status");
        await using (var client = SkeinClient.ForSocket(status.GetProperty("socket").GetString()!))
        {
            var session = (await client.ListAsync(new SessionQuery(), Cancellation)).Items[0].Id;
            foreach (var prompt in (string[])["Second.", "Third."])
                await client.PromptAsync(session, new PromptRequest(prompt, When: WhenBusy.Queue), Cancellation);
        }

        Assert.Equal("1 Second.\n2 Third.\n", (await _user.GoodAsync("queue", "1")).Out);

        Assert.Equal("1 Another.\n2 Third.\n", (await _user.GoodAsync("queue", "1", "--edit", "1", "Another.")).Out);
        Assert.Equal("1 Another.\n", (await _user.GoodAsync("queue", "1", "--drop", "2")).Out);
        var refused = await _user.RunAsync("queue", "1", "--drop", "2");
        Assert.Equal(2, refused.Code);
        Assert.Contains("There is no prompt 2: 1 wait.", refused.Error, StringComparison.Ordinal);

        first.Kill();
        await _user.KillServerAsync();

        Assert.Equal("1 Another.\n", (await _user.GoodAsync("queue", "1")).Out);
    }
}
