using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>What a user, a project and its folders tell agents, by the published program, as a model on loopback is told it.</summary>
public sealed class InstructionTests : ModelBench
{
    protected override Task SetUpAsync()
    {
        User.Variables["OPENAI_BASE_URL"] = Model.OpenAiAddress;
        return Task.CompletedTask;
    }

    [Fact(Timeout = 60_000)]
    public async Task Those_of_the_user_the_parents_and_the_folder_are_told_at_once_and_those_below_when_something_there_is_touched()
    {
        Directory.CreateDirectory(Path.Combine(User.Project, ".git"));
        User.Write("../.claude/CLAUDE.md", "USER-SAYS");
        User.Write("../AGENTS.md", "BEYOND");
        User.Write("AGENTS.md", "ROOT-SAYS");
        User.Write("CLAUDE.md", "NOT TOLD");
        User.Write("app/CLAUDE.md", "APP-SAYS");
        User.Write("app/web/AGENTS.md", "WEB-SAYS");
        User.Write("app/web/page.txt", "geese");
        User.Write("app/other/AGENTS.md", "OTHER-SAYS");
        Model.Enqueue(new StreamedAnswer(new Called("r", "read", """{"path":"web/page.txt"}""")), new StreamedAnswer(new Said("Read.")));

        var run = await User.ShellAsync("cd app && skein run --model openai/any 'Look.'");

        Assert.True(run.Code == 0, run.ToString());
        var (first, second) = (Model.Requests[0].Body.GetRawText(), Model.Requests[1].Body.GetRawText());
        var places = new[] { "USER", "ROOT", "APP" }.Select(who => first.IndexOf(who + "-SAYS", StringComparison.Ordinal)).ToList();
        Assert.True(places[0] > 0 && places.SequenceEqual(places.Order()), first);
        Assert.All(["WEB", "OTHER", "BEYOND", "NOT TOLD"], text => Assert.DoesNotContain(text, first, StringComparison.Ordinal));
        Assert.Contains("instructions for web, from", second, StringComparison.Ordinal);
        Assert.Contains("WEB", second, StringComparison.Ordinal);
        Assert.DoesNotContain("OTHER", second, StringComparison.Ordinal);
    }
}
