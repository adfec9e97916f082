namespace Skein.EndToEnd;

/// <summary>What was answered with always is seen, and taken back.</summary>
public sealed class PermissionsTests : IAsyncDisposable
{
    private readonly User _user = new();

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 90_000)]
    public async Task Rules_are_listed_with_where_they_are_from_and_what_was_always_allowed_is_asked_about_again_when_removed()
    {
        _user.Write("skein.json", """{"permissions":[{"tool":"read","pattern":"*.key","action":"deny"}]}""");
        object Call() => new { type = "call", tool = "bash", arguments = new { command = "touch done" } };
        object Said(string text) => new { type = "text", text };
        var model = _user.ScriptOf(Call(), Said("First."), Call(), Said("Second."), Call(), Said("Third."));
        await using (var pane = await Pane.OpenAsync(_user, $"skein --model {model}"))
        {
            await pane.SeeAsync("new session");
            await pane.TypeAsync("Do it.");
            await pane.PressAsync("Enter");
            await pane.SeeAsync("a always (touch done)");
            await pane.PressAsync("a");
            await pane.SeeAsync("First.");
            await pane.TypeAsync("Again.");
            await pane.PressAsync("Enter");
            await pane.SeeAsync("Second.");
            await pane.TypeAsync("/permissions");
            await pane.PressAsync("Enter");
            await pane.SeeAsync("2  allow   bash  touch done");

            Assert.Contains("Rule 1 stands in ", (await _user.RunAsync("permissions", "remove", "1")).Error, StringComparison.Ordinal);
            await _user.GoodAsync("permissions", "remove", "2");

            await pane.TypeAsync("And now?");
            await pane.PressAsync("Enter");
            await pane.SeeAsync(s => s.Contains("› And now?", StringComparison.Ordinal) && s.Contains("y once", StringComparison.Ordinal), "the question again");
            await pane.PressAsync("y");
            await pane.SeeAsync("Third.");
        }

        var rules = (await _user.JsonAsync("permissions")).GetProperty("items");
        Assert.Equal("*.key", Assert.Single(rules.EnumerateArray()).GetProperty("pattern").GetString());
        Assert.EndsWith("project/skein.json", rules[0].GetProperty("from").GetString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_rule_that_is_not_there_is_refused()
    {
        var none = await _user.RunAsync("permissions", "remove", "7");
        Assert.Equal((2, "skein: There is no rule 7: 'skein permissions' lists none.\n"), (none.Code, none.Error));
        Assert.Equal(2, (await _user.RunAsync("permissions", "remove")).Code);
        Assert.StartsWith("No rules", (await _user.GoodAsync("permissions")).Out, StringComparison.Ordinal);
    }
}
