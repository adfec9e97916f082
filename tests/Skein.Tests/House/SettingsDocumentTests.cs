using System.Text.RegularExpressions;
using Skein.Agent.Permissions;
using Skein.Agent.Providers;
using Skein.Agent.Settings;
using Skein.Agent.Tools;
using Skein.Core.Events;
using Skein.Testing;

namespace Skein.Tests.House;

/// <summary>docs/settings.md shows files that are read as they stand, and says what they do.</summary>
public sealed partial class SettingsDocumentTests : IDisposable
{
    private static readonly string s_page = Repository.Read("docs/settings.md").ReplaceLineEndings("\n");

    private readonly TempFolder _folder = new();
    private readonly TrustedFolders _trusted;

    public SettingsDocumentTests() => _trusted = new TrustedFolders(_folder.Below("home"));

    public static TheoryData<string, string, string> Calls =>
        [.. Call().Matches(s_page).Select(m => (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value))];

    public static TheoryData<PermissionMode> Modes => [.. Enum.GetValues<PermissionMode>()];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _trusted.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_user_s_example_is_read_and_its_models_can_be_used()
    {
        var settings = (await ReadAsync(Example(0), "{}")).Settings;

        var (providers, scripts) = Skein.Cli.Composition.Providers.Of(settings);
        using var models = new ModelCatalog(providers, name => name == "WORK_LLM_KEY" ? "key" : null, scripts, TimeProvider.System);
        Assert.Null(models.CheckModel(settings.Model));
        Assert.All(settings.Providers.Keys, name => Assert.Null(models.CheckModel($"{name}/any")));
        Assert.Equal(PermissionMode.Edits, settings.Mode);
    }

    [Fact]
    public async Task Of_the_project_s_example_only_what_the_page_says_waits_for_trust()
    {
        var before = await ReadAsync(Example(0), Example(1));
        await _trusted.TrustAsync(_folder.Below("work"), Cancellation);
        var after = await ReadAsync(Example(0), Example(1));

        Assert.Contains($"{string.Join(" and ", before.Ignored.Select(i => $"`{i.Key}`"))} do not count", s_page, StringComparison.Ordinal);
        Assert.Single(before.Settings.Narrowing);
        Assert.Empty(after.Ignored);
        Assert.NotEqual(before.Settings.Model, after.Settings.Model);
    }

    [Fact]
    public async Task Exactly_the_keys_there_are_have_a_row()
    {
        var e = await Assert.ThrowsAsync<SettingsException>(() => ReadAsync("""{"nonsense": 1}""", "{}"));

        var known = e.Message[(e.Message.IndexOf("there may be ", StringComparison.Ordinal) + "there may be ".Length)..].TrimEnd('.').Split(", ");
        Assert.Equal(known.Order(StringComparer.Ordinal), KeyRow().Matches(s_page).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_of_the_example_is_decided_as_the_page_says(string tool, string subject, string decision)
    {
        var settings = (await ReadAsync(Example(0), "{}")).Settings;
        var effect = tool switch { "bash" => ToolEffect.Execute, "edit" => ToolEffect.Edit, _ => ToolEffect.Read };

        var decided = new PermissionRules(settings.Permissions, [], []).Decide(settings.Mode!.Value, tool, new ToolIntent(effect, subject, subject, Outside: subject[0] == '/'));

        Assert.Equal(decision, Word(decided));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_mode_does_what_its_row_says(PermissionMode mode)
    {
        var rules = new PermissionRules([], [], []);
        ToolIntent[] intents =
        [
            new(ToolEffect.Read, "a", ""), new(ToolEffect.Read, "/a", "", Outside: true), new(ToolEffect.Edit, "a", ""), new(ToolEffect.Edit, "/a", "", Outside: true),
            new(ToolEffect.Execute, "a", ""), new(ToolEffect.Fetch, "a.example", ""),
        ];

        var row = string.Join(" | ", intents.Select(intent => Word(rules.Decide(mode, "any", intent))));

        Assert.Contains($"\n| `{mode.ToString().ToLowerInvariant()}` | {row} |\n", s_page, StringComparison.Ordinal);
    }

    private static string Example(int number) => Json().Matches(s_page)[number].Groups[1].Value;

    private static string Word(PermissionDecision decision) => decision.GetType().Name.ToLowerInvariant();

    private async Task<LoadedSettings> ReadAsync(string user, string project)
    {
        _folder.Write("work/skein.json", project);
        return await new SettingsReader(_folder.Write("config/skein.json", user), _trusted).ReadAsync(_folder.Below("work"), Cancellation);
    }

    [GeneratedRegex(@"^\| `(\w+)` `([^`]+)` \| (\w+) \|$", RegexOptions.Multiline)]
    private static partial Regex Call();

    // The one table of four columns.
    [GeneratedRegex(@"^\| `(\w+)` \|(?:[^|\n]*\|){3}$", RegexOptions.Multiline)]
    private static partial Regex KeyRow();

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Json();
}
