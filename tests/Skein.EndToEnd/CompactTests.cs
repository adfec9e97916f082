using System.Diagnostics;
using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A conversation is summarised, by the published program, with a model server on loopback.</summary>
public sealed class CompactTests : ModelBench
{
    protected override async Task SetUpAsync()
    {
        User.Variables["OPENAI_BASE_URL"] = Model.OpenAiAddress;
        Model.Enqueue(new StreamedAnswer(new Said("It is called Heron.")), new StreamedAnswer(new Said("In the harbour.")));
        await User.GoodAsync("run", "--model", "openai/any", "What is the ship called?");
        await User.GoodAsync("run", "-s", "last", "Where is it?");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_session_is_summarised_on_demand_and_the_summary_can_be_read_found_exported_and_rewound()
    {
        Model.Enqueue(new StreamedAnswer(new Said("The vessel's name: Heron.")), new StreamedAnswer(new Said("Heron.")), new StreamedAnswer(new Said("Heron, again.")));

        var compacted = await User.GoodAsync("compact", "last", "keep", "the name");
        var shown = await User.GoodAsync("show", "last");
        var found = await User.GoodAsync("search", "vessel's");
        var exported = await User.GoodAsync("export", "last", "--format", "markdown");
        await User.GoodAsync("run", "-s", "last", "What was its name?");
        var sent = Model.Requests[3].Body.GetRawText();
        await User.GoodAsync("rewind", "last", "4");
        await User.GoodAsync("run", "-s", "last", "And its name?");
        var sentAfter = Model.Requests[4].Body.GetRawText();

        Assert.Equal("The vessel's name: Heron.\n", compacted.Out);
        Assert.Contains("keep the name", Model.Requests[2].Body.GetRawText(), StringComparison.Ordinal);
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
        Model.Enqueue(new StreamedAnswer(new Said("The vessel's na"), new Stalled(new TaskCompletionSource().Task, reached)), new StreamedAnswer(new Said("Heron.")));
        var before = await User.GoodAsync("show", "last", "--json");

        using var compacting = User.Start("compact", "last");
        await reached.Task.WaitAsync(Cancellation);
        using (var server = Process.GetProcessById(await User.ServerPidAsync()))
            server.Kill();
        var after = await User.GoodAsync("show", "last", "--json");
        var ended = await compacting.EndAsync();
        var session = (await User.JsonAsync("ls")).GetProperty("items")[0];
        await User.GoodAsync("run", "-s", "last", "What was its name?");

        Assert.Equal((130, ""), (ended.Code, ended.Out));
        Assert.Equal(Messages(before), Messages(after));
        Assert.Equal("interrupted", session.GetProperty("status").GetString());
        Assert.Contains("What is the ship called?", Model.Requests[^1].Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_turn_in_which_it_was_killed_while_it_summarised_is_as_any_other_and_the_next_one_summarises_again()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tooLong = RefusedAnswer.OpenAi(400, "context_length_exceeded", "This model's maximum context length is 100 tokens.");
        Model.Enqueue(tooLong, new StreamedAnswer(new Said("The vessel's na"), new Stalled(new TaskCompletionSource().Task, reached)));
        using var running = User.Start("run", "-s", "last", "What was its name?");
        running.Input.Close();
        await reached.Task.WaitAsync(Cancellation);
        running.Kill();
        await User.KillServerAsync();

        var after = (await User.GoodAsync("show", "last")).Out;
        Model.Enqueue(tooLong, new StreamedAnswer(new Said("The vessel's name: Heron.")), new StreamedAnswer(new Said("Heron.")));
        var next = await User.GoodAsync("run", "-s", "last", "Its name?");

        Assert.DoesNotContain("vessel", after, StringComparison.Ordinal);
        Assert.Equal("Heron.\n", next.Out);
        Assert.Contains("name: Heron.", (await User.GoodAsync("show", "last")).Out, StringComparison.Ordinal);
        Assert.DoesNotContain("What is the ship called?", Model.Requests[^1].Body.GetRawText(), StringComparison.Ordinal);
    }

    private static string Messages(ProgramRun shown) => JsonElement.Parse(shown.Out).GetProperty("items").GetRawText();
}
