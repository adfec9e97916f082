using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A session that is recorded, and reproduced without a provider and a key.</summary>
public sealed class RecordTests : ModelBench
{
    [Fact(Timeout = 120_000)]
    public async Task What_was_recorded_is_played_without_a_key_and_what_was_not_is_an_error()
    {
        User.Write("a.txt", "geese");
        User.Variables["ANTHROPIC_BASE_URL"] = Model.Address;
        User.Variables["ANTHROPIC_API_KEY"] = "sk-very-secret";
        Model.Enqueue(new StreamedAnswer(new Called("c1", "read", """{"path":"a.txt"}""")), new StreamedAnswer(new Said("It says geese.")));

        var recorded = await User.GoodAsync("run", "--record", "goose.record", "--model", "anthropic/any", "What does a.txt say?");
        var again = await User.RunAsync("run", "--record", "goose.record", "--model", "anthropic/any", "Once more.");
        User.Variables["ANTHROPIC_BASE_URL"] = null;
        User.Variables["ANTHROPIC_API_KEY"] = null;
        var played = await User.GoodAsync("run", "--model", "replay:goose.record", "What does a.txt say?");
        var other = await User.RunAsync("run", "--model", "replay:goose.record", "What else?");
        var none = await User.RunAsync("run", "--model", "replay:nothing", "Hi.");

        Assert.Equal("It says geese.\n", recorded.Out);
        Assert.Equal(recorded.Out, played.Out);
        Assert.DoesNotContain("sk-very-secret", await File.ReadAllTextAsync(Path.Combine(User.Project, "goose.record"), Cancellation), StringComparison.Ordinal);
        Assert.NotEqual(0, again.Code);
        Assert.Contains("cannot be made", again.Error, StringComparison.Ordinal);
        Assert.Equal(1, other.Code);
        Assert.Contains("has no request like this one", other.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, none.Code);
        Assert.Contains("cannot be read", none.Error, StringComparison.Ordinal);
    }
}
