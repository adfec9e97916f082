using System.Text.Json;

namespace Skein.EndToEnd;

/// <summary>Followers that come and go, and a server that dies while text streams.</summary>
public sealed class FollowTests : IAsyncDisposable
{
    private const string Story = "Once upon a time there was a server that died in the middle of a sentence, and nobody who read along lost a word of it. ";

    // Longer than any test: somebody ends it.
    private static readonly string s_endless = string.Concat(Enumerable.Repeat(Story, 100));

    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task Two_followers_receive_the_same_and_one_that_returns_misses_nothing()
    {
        using var run = StartTurn(Story + Story, "more");
        var session = Id((await run.EventsUntilAsync("session.created"))[0]);
        using var first = _user.Start("attach", session, "--json", "--after", "0");
        using var second = _user.Start("attach", session, "--json", "--after", "0");

        var before = await second.EventsUntilAsync("part.streamed");
        second.Kill();
        using var again = _user.Start("attach", session, "--json", "--after", $"{Seq(before[^1])}");
        var whole = await first.EventsUntilAsync("turn.completed");
        var after = await again.EventsUntilAsync("turn.completed");

        Assert.Equal(Enumerable.Range(1, whole.Count).Select(n => (long)n), whole.Select(Seq));
        Assert.Equal(whole.Select(e => e.GetRawText()), before.Concat(after).Select(e => e.GetRawText()));
        Assert.Equal(0, (await run.EndAsync()).Code);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_server_killed_while_text_streams_loses_no_more_than_was_not_saved_yet()
    {
        using var run = StartTurn(s_endless, "I am back.");
        var events = await run.EventsUntilAsync("part.streamed");
        var session = Id(events[0]);
        var saved = events[^1].GetProperty("data").GetProperty("text").GetString()!;

        await _user.KillServerAsync();
        var show = await _user.JsonAsync("show", session);

        var answer = show.GetProperty("items")[1];
        var text = answer.GetProperty("parts")[0].GetProperty("content").GetProperty("text").GetString()!;
        Assert.StartsWith(saved, text, StringComparison.Ordinal);
        Assert.StartsWith(text, s_endless, StringComparison.Ordinal);
        Assert.Equal("error", answer.GetProperty("status").GetString());

        // The one that was attached all the while sees it through, over the server's death.
        var rest = await run.EventsUntilAsync("turn.interrupted");
        Assert.Equal("crash", rest[^1].GetProperty("data").GetProperty("reason").GetString());
        Assert.Equal(130, (await run.EndAsync()).Code);
        Assert.Equal(
            Enumerable.Range(1, events.Count + rest.Count).Select(n => (long)n), events.Concat(rest).Select(Seq));

        using var attached = _user.Start("attach", session, "--json");
        var repaired = (await attached.EventsUntilAsync("session.repaired"))[^1];
        Assert.Equal(
            ["message", "turn"],
            repaired.GetProperty("data").GetProperty("repairs").EnumerateArray().Select(r => r.GetProperty("kind").GetString()).Order());

        var next = await _user.RunAsync("run", "--session", session, "Go on.");
        Assert.True(next.Code == 0, next.ToString());
        Assert.Equal("I am back.\n", next.Out);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Ctrl_C_and_SIGTERM_interrupt_the_turn_and_keep_what_was_said(string signal)
    {
        using var run = StartTurn(s_endless);
        await run.EventsUntilAsync("part.streamed");

        run.Signal(signal);
        var events = await run.EventsUntilAsync("turn.interrupted");

        Assert.Equal(130, (await run.EndAsync()).Code);
        Assert.Equal("user", events[^1].GetProperty("data").GetProperty("reason").GetString());
        var items = (await _user.JsonAsync("show")).GetProperty("items");
        Assert.StartsWith("Once upon a time", items[1].GetProperty("parts")[0].GetProperty("content").GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Two_prompts_at_once_do_not_mix()
    {
        using var run = StartTurn(s_endless);
        var session = Id((await run.EventsUntilAsync("turn.started"))[0]);

        var second = await _user.RunAsync("run", "--session", session, "Me too.");

        Assert.Equal(1, second.Code);
        Assert.Contains("is busy with turn", Assert.Single(second.ErrorLines), StringComparison.Ordinal);
        run.Signal("INT");
        Assert.Equal(130, (await run.EndAsync()).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_follower_whose_reader_is_gone_ends()
    {
        await _user.RunAsync("run", "--model", _user.Script("Hi."), "Hello.");

        // Only once nobody reads any more is there something to write.
        var run = await _user.ShellAsync(
            "mkfifo gone; skein attach last --json --after 0 | { head -n 1; exec <&-; echo > gone; } & read _ < gone; skein run -c --json 'More.' >/dev/null; wait");

        Assert.Contains("session.created", run.Out, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("skein --help >&3", 141)]
    [InlineData("skein ls --json >&3", 141)]
    [InlineData("skein show nobody 2>&3", 1)]
    public async Task A_command_whose_reader_is_gone_ends_without_a_word(string line, int code)
    {
        // The reader has ended before anything is written.
        var run = await _user.ShellAsync($"bash -c 'exec 3> >(:); wait $!; {line}; echo ended with $?'");

        Assert.Equal(($"ended with {code}\n", ""), (run.Out, run.Error));
    }

    private RunningProgram StartTurn(string story, params string[] more)
    {
        var model = _user.ScriptOf([new { type = "text", text = story, chunk = 3, delay_ms = 30 }, .. more.Select(t => new { type = "text", text = t })]);
        var run = _user.Start("run", "--json", "--model", model, "Tell me a story.");
        run.Input.Close();
        return run;
    }

    private static long Seq(JsonElement e) => e.GetProperty("seq").GetInt64();

    private static string Id(JsonElement e) => e.GetProperty("session").GetString()!;
}
