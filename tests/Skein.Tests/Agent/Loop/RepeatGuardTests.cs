using Skein.Agent.Providers;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.Agent.Loop;

/// <summary>A model that makes the same call again and again.</summary>
public sealed class RepeatGuardTests
{
    [Fact]
    public async Task The_same_call_with_the_same_result_three_times_is_asked_about_before_the_fourth()
    {
        var ran = 0;
        var fake = Turn(PermissionAnswer.Once);

        var turn = await Agent(() => $"same {++ran * 0}", 5).RunAsync(fake);

        // The fourth and the fifth: an answer is for one call.
        Assert.Equal((5, 2), (ran, fake.Asked.Count));
        Assert.Contains("the same result 3 times", fake.Asked[0].Title, StringComparison.Ordinal);
        Assert.Null(fake.Asked[0].Pattern);
        Assert.Equal("Done.", turn.Last.Text);
    }

    [Fact]
    public async Task A_no_is_told_to_the_model_and_the_call_is_not_made()
    {
        var ran = 0;

        var turn = await Agent(() => $"same {++ran * 0}", 4).RunAsync(Turn(PermissionAnswer.No));

        Assert.Equal(3, ran);
        Assert.Equal(
            "The user refused this call; it was not carried out.",
            turn.Messages.SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>().Last().Output);
        Assert.Equal("Done.", turn.Last.Text);
    }

    [Fact]
    public async Task Another_result_begins_the_count_anew()
    {
        var ran = 0;
        var fake = Turn(PermissionAnswer.No);

        await Agent(() => $"{++ran / 2}", 8).RunAsync(fake);

        Assert.Equal((8, 0), (ran, fake.Asked.Count));
    }

    [Fact]
    public async Task Other_arguments_and_another_tool_are_another_call()
    {
        var fake = Turn(PermissionAnswer.No);
        var steps = Enumerable.Range(0, 6).Select(i => new ScriptStep(new ScriptCall("read", Sample.Json($$"""{"n": {{i % 2}}}"""))))
            .Append(Looped.Call("look")).Append(Looped.Call("read")).Append(Looped.Say("Done."));

        await new Looped([.. steps]) { Tools = [new FuncTool("read", "text"), new FuncTool("look", "text")] }.RunAsync(fake);

        Assert.Empty(fake.Asked);
    }

    private static FakeTurn Turn(PermissionAnswer answer) => new(Sample.Session(Looped.Model), [Sample.User("Go.")])
    {
        Answer = (question, _) => Task.FromResult(new PermissionAnswered(question.Permission, answer)),
    };

    private static Looped Agent(Func<string> output, int calls)
    {
        ScriptStep[] steps = [.. Enumerable.Repeat(Looped.Call("read"), calls), Looped.Say("Done.")];
        return new Looped(steps) { Tools = [new FuncTool("read", (_, _) => Task.FromResult(new ToolOutput(output())))] };
    }
}
