using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>What a user, a project and its folders tell agents, by the published program, as a model on loopback is told it.</summary>
public sealed class InstructionTests : IAsyncLifetime
{
    private readonly User _user = new();
    private ModelServer _model = null!;

    public async ValueTask InitializeAsync()
    {
        _model = await ModelServer.StartAsync(TestContext.Current.CancellationToken);
        _user.Variables["OPENAI_BASE_URL"] = _model.OpenAiAddress;
    }

    public async ValueTask DisposeAsync()
    {
        await _user.DisposeAsync();
        await _model.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Those_of_the_user_the_parents_and_the_folder_are_told_at_once_and_those_below_when_something_there_is_touched()
    {
        Directory.CreateDirectory(Path.Combine(_user.Project, ".git"));
        _user.Write("../.claude/CLAUDE.md", "USER-SAYS");
        _user.Write("../AGENTS.md", "BEYOND");
        _user.Write("AGENTS.md", "ROOT-SAYS");
        _user.Write("CLAUDE.md", "NOT TOLD");
        _user.Write("app/CLAUDE.md", "APP-SAYS");
        _user.Write("app/web/AGENTS.md", "WEB-SAYS");
        _user.Write("app/web/page.txt", "geese");
        _user.Write("app/other/AGENTS.md", "OTHER-SAYS");
        _model.Enqueue(new StreamedAnswer(new Called("r", "read", """{"path":"web/page.txt"}""")), new StreamedAnswer(new Said("Read.")));

        var run = await _user.ShellAsync("cd app && skein run --model openai/any 'Look.'");

        Assert.True(run.Code == 0, run.ToString());
        var (first, second) = (_model.Requests[0].Body.GetRawText(), _model.Requests[1].Body.GetRawText());
        var places = new[] { "USER", "ROOT", "APP" }.Select(who => first.IndexOf(who + "-SAYS", StringComparison.Ordinal)).ToList();
        Assert.True(places[0] > 0 && places.SequenceEqual(places.Order()), first);
        Assert.All(["WEB", "OTHER", "BEYOND", "NOT TOLD"], text => Assert.DoesNotContain(text, first, StringComparison.Ordinal));
        Assert.Contains("instructions for web, from", second, StringComparison.Ordinal);
        Assert.Contains("WEB", second, StringComparison.Ordinal);
        Assert.DoesNotContain("OTHER", second, StringComparison.Ordinal);
    }
}
