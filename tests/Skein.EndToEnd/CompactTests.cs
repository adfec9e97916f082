using System.Diagnostics;
using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A conversation is summarised, by the published program, with a model server on loopback.</summary>
public sealed class CompactTests : IAsyncLifetime
{
    private readonly User _user = new();
    private ModelServer _model = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _model = await ModelServer.StartAsync(Cancellation);
        _user.Variables["OPENAI_BASE_URL"] = _model.OpenAiAddress;
        _model.Enqueue(new StreamedAnswer(new Said("It is called Heron.")), new StreamedAnswer(new Said("In the harbour.")));
        await _user.GoodAsync("run", "--model", "openai/any", "What is the ship called?");
        await _user.GoodAsync("run", "-s", "last", "Where is it?");
    }

    public async ValueTask DisposeAsync()
    {
        await _user.DisposeAsync();
        await _model.DisposeAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_session_is_summarised_on_demand_and_the_summary_can_be_read_found_exported_and_rewound()
    {
        _model.Enqueue(new StreamedAnswer(new Said("The vessel's name: Heron.")), new StreamedAnswer(new Said("Heron.")), new StreamedAnswer(new Said("Heron, again.")));

        var compacted = await _user.GoodAsync("compact", "last", "keep", "the name");
        var shown = await _user.GoodAsync("show", "last");
        var found = await _user.GoodAsync("search", "vessel's");
        var exported = await _user.GoodAsync("export", "last", "--format", "markdown");
        await _user.GoodAsync("run", "-s", "last", "What was its name?");
        var sent = _model.Requests[3].Body.GetRawText();
        await _user.GoodAsync("rewind", "last", "4");
        await _user.GoodAsync("run", "-s", "last", "And its name?");
        var sentAfter = _model.Requests[4].Body.GetRawText();

        Assert.Equal("The vessel's name: Heron.\n", compacted.Out);
        Assert.Contains("keep the name", _model.Requests[2].Body.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("What is the ship called?", shown.Out, StringComparison.Ordinal);
        Assert.All([shown, found, exported], run => Assert.Contains("vessel's name: Heron.", run.Out, StringComparison.Ordinal));
        Assert.DoesNotContain("What is the ship called?", sent, StringComparison.Ordinal);
        Assert.Contains("Where is it?", sent, StringComparison.Ordinal);
        Assert.Contains("name: Heron.", sent, StringComparison.Ordinal);
        Assert.Contains("What is the ship called?", sentAfter, StringComparison.Ordinal);
        Assert.DoesNotContain("vessel", sentAfter, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_server_that_is_killed_while_it_summarises_has_changed_nothing()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _model.Enqueue(new StreamedAnswer(new Said("The vessel's na"), new Stalled(new TaskCompletionSource().Task, reached)), new StreamedAnswer(new Said("Heron.")));
        var before = await _user.GoodAsync("show", "last", "--json");

        using var compacting = _user.Start("compact", "last");
        await reached.Task.WaitAsync(Cancellation);
        using (var server = Process.GetProcessById(await _user.ServerPidAsync()))
            server.Kill();
        var after = await _user.GoodAsync("show", "last", "--json");
        var ended = await compacting.EndAsync();
        var session = (await _user.JsonAsync("ls")).GetProperty("items")[0];
        await _user.GoodAsync("run", "-s", "last", "What was its name?");

        Assert.Equal((130, ""), (ended.Code, ended.Out));
        Assert.Equal(Messages(before), Messages(after));
        Assert.Equal("interrupted", session.GetProperty("status").GetString());
        Assert.Contains("What is the ship called?", _model.Requests[^1].Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_turn_in_which_it_was_killed_while_it_summarised_is_as_any_other_and_the_next_one_summarises_again()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tooLong = RefusedAnswer.OpenAi(400, "context_length_exceeded", "This model's maximum context length is 100 tokens.");
        _model.Enqueue(tooLong, new StreamedAnswer(new Said("The vessel's na"), new Stalled(new TaskCompletionSource().Task, reached)));
        using var running = _user.Start("run", "-s", "last", "What was its name?");
        running.Input.Close();
        await reached.Task.WaitAsync(Cancellation);
        running.Kill();
        await _user.KillServerAsync();

        var after = (await _user.GoodAsync("show", "last")).Out;
        _model.Enqueue(tooLong, new StreamedAnswer(new Said("The vessel's name: Heron.")), new StreamedAnswer(new Said("Heron.")));
        var next = await _user.GoodAsync("run", "-s", "last", "Its name?");

        Assert.DoesNotContain("vessel", after, StringComparison.Ordinal);
        Assert.Equal("Heron.\n", next.Out);
        Assert.Contains("name: Heron.", (await _user.GoodAsync("show", "last")).Out, StringComparison.Ordinal);
        Assert.DoesNotContain("What is the ship called?", _model.Requests[^1].Body.GetRawText(), StringComparison.Ordinal);
    }

    private static string Messages(ProgramRun shown) => JsonElement.Parse(shown.Out).GetProperty("items").GetRawText();
}
