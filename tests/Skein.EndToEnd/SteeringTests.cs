using System.Text.Json;
using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>What is said while a turn runs, by the published program: told to it, or said instead.</summary>
public sealed class SteeringTests : ModelBench
{
    private string Pipe => Path.Combine(User.Project, "pipe");

    protected override async Task SetUpAsync()
    {
        Requires.Programs("bwrap");
        User.Variables["OPENAI_BASE_URL"] = Model.OpenAiAddress;
        await User.ShellAsync($"mkfifo '{Pipe}'");
    }

    [Theory(Timeout = 120_000)]
    [InlineData("steer")]
    [InlineData("queue")]
    public async Task What_is_steered_reaches_the_model_at_its_next_step_with_the_result_of_the_tool_that_ran(string when)
    {
        Model.Enqueue(Waiting(), new StreamedAnswer(new Said("In French, then.")));
        using var run = await StartAsync();

        using var steer = User.Start("run", "-s", "last", "--when", when, "--json", "In French.");
        steer.Input.Close();
        await steer.EventsUntilAsync(when == "steer" ? "prompt.steered" : "prompt.queued");
        if (when == "queue")
            Assert.Equal("No prompt waits.\n", (await User.GoodAsync("queue", "last", "--steer", "1")).Out);
        await File.WriteAllTextAsync(Pipe, "forty geese\n", Cancellation);
        await run.EventsUntilAsync("turn.completed");

        var messages = Model.Requests[1].Body.GetProperty("messages").EnumerateArray().TakeLast(2).ToList();
        Assert.Equal(["tool", "user"], messages.Select(m => m.GetProperty("role").GetString()));
        Assert.Contains("forty geese", messages[0].GetRawText(), StringComparison.Ordinal);
        Assert.Contains("In French.", messages[1].GetRawText(), StringComparison.Ordinal);
        Assert.Equal(0, (await steer.EndAsync()).Code);
    }

    [Fact(Timeout = 120_000)]
    public async Task What_is_said_instead_ends_the_turn_with_its_tools_and_goes_before_all_that_wait()
    {
        Model.Enqueue(Waiting(), new StreamedAnswer(new Said("Ducks it is.")), new StreamedAnswer(new Said("Later is now.")));
        using var run = await StartAsync();
        using var later = User.Start("run", "-s", "last", "--when", "queue", "--json", "Later.");
        later.Input.Close();
        await later.EventsUntilAsync("prompt.queued");

        var instead = await User.GoodAsync("run", "-s", "last", "--when", "interrupt", "Ducks instead.");
        Assert.Equal(0, (await later.EndAsync()).Code);
        var refused = await User.RunAsync("run", "-s", "last", "--when", "sometime", "Never.");

        Assert.Equal("Ducks it is.\n", instead.Out);
        var second = Model.Requests[1].Body.GetRawText();
        Assert.Contains("interrupted before this call had a result", second, StringComparison.Ordinal);
        Assert.DoesNotContain("Later.", second, StringComparison.Ordinal);
        Assert.Contains("Later.", Model.Requests[2].Body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(2, refused.Code);
    }

    private StreamedAnswer Waiting() => new(new Called("b", "bash", JsonSerializer.Serialize(new { command = $"cat '{Pipe}'" })));

    /// <summary>A turn whose tool waits for the pipe.</summary>
    private async Task<RunningProgram> StartAsync()
    {
        var run = User.Start("run", "--json", "--mode", "auto", "--model", "openai/any", "Count.");
        run.Input.Close();
        await run.EventsUntilAsync("tool.started");
        return run;
    }
}
