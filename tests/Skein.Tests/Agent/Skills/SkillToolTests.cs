using Skein.Agent;
using Skein.Agent.Permissions;
using Skein.Agent.Providers;
using Skein.Agent.Skills;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Agent.Loop;

namespace Skein.Tests.Agent.Skills;

/// <summary>A skill in a turn: named to the model, read when it is used, and never a way to do more than before.</summary>
public sealed class SkillToolTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_model_is_told_what_there_is_and_reads_it_when_it_is_used()
    {
        Write("poems", "Writes poems.", "Every line rhymes.");
        _folder.Write(".skein/skills/poems/forms/sonnet.md", "Fourteen lines.");
        var record = await RunAsync([], Use("poems"), Use("poems", "forms/sonnet.md"));

        var outputs = record.Messages.SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>().Select(r => r.Output).ToArray();
        Assert.EndsWith("Every line rhymes.", outputs[0], StringComparison.Ordinal);
        Assert.Contains(_folder.Below(".skein/skills/poems"), outputs[0], StringComparison.Ordinal);
        Assert.Equal("Fourteen lines.", outputs[1]);
    }

    [Fact]
    public async Task Its_description_lists_the_skills_and_without_any_there_is_no_such_tool()
    {
        var own = new Toolbox([], Sample.Open);
        var without = await Folders().ExtendAsync(own, Session(), TestContext.Current.CancellationToken);

        Write("poems", "Writes poems.", "Every line rhymes.");
        var with = await Folders().ExtendAsync(own, Session(), TestContext.Current.CancellationToken);

        Assert.Same(own, without);
        Assert.Contains("- poems: Writes poems.\n", Assert.Single(with.Tools).Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no skill 'prose'; there are: poems.", "prose", null)]
    [InlineData("'../../../secret' is not in the folder of the skill poems.", "poems", "../../../secret")]
    [InlineData("'/etc/passwd' is not in the folder of the skill poems.", "poems", "/etc/passwd")]
    [InlineData("'link' is not in the folder of the skill poems.", "poems", "link")]
    [InlineData("The skill poems has no file 'nothing'.", "poems", "nothing")]
    [InlineData("'huge' has more than 1048576 bytes.", "poems", "huge")]
    [InlineData("'picture' is no text.", "poems", "picture")]
    public async Task What_is_not_of_the_skill_is_refused(string said, string name, string? file)
    {
        Write("poems", "Writes poems.", "Every line rhymes.");
        File.CreateSymbolicLink(_folder.Below(".skein/skills/poems/link"), _folder.Write("secret", "hush"));
        _folder.Write(".skein/skills/poems/huge", new string('x', 1048577));
        _folder.Write(".skein/skills/poems/picture", "\0\0");

        var record = await RunAsync([], Use(name, file));

        var result = Assert.Single(record.Messages.SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>());
        Assert.True(result.IsError);
        Assert.Equal(said, result.Output);
    }

    [Fact]
    public async Task What_is_no_file_is_empty_and_a_skill_that_went_away_is_an_error()
    {
        Write("poems", "Writes poems.", "Every line rhymes.");
        await Shell.RunAsync(_folder.Below(".skein/skills/poems"), "mkfifo pipe");
        var lose = new FuncTool("lose", (_, _) =>
        {
            File.Delete(_folder.Below(".skein/skills/poems/SKILL.md"));
            return Task.FromResult(new ToolOutput("Lost."));
        });

        var record = await RunAsync([lose], Use("poems", "pipe"), new ScriptStep([new ScriptCall("lose", Sample.Json("{}"))]), Use("poems"));

        var results = record.Messages.SelectMany(m => m.Parts).Select(p => p.Content).OfType<ToolResultPart>().ToArray();
        Assert.Equal(("", false), (results[0].Output, results[0].IsError));
        Assert.True(results[2].IsError);
        Assert.Contains("poems/SKILL.md:1: cannot be read: ", results[2].Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fly", null, false)]
    [InlineData("fly", "Read, fly", false)]
    [InlineData("fly", "Read Bash(git:*)", true)]
    [InlineData("bash", "Bash(git log:*)", true)]
    public async Task Calls_that_a_used_skill_does_not_name_are_asked_about(string tool, string? allowed, bool asks)
    {
        Write("poems", "Writes poems.", "Every line rhymes.", allowed);

        var record = await RunAsync([new FuncTool(tool, "done", ToolEffect.Execute)], Use("poems"), new ScriptStep([new ScriptCall(tool, Sample.Json("{}"))]));

        Assert.Equal(asks ? [tool] : [], record.Turn.Asked.Select(a => a.Tool));
    }

    [Fact]
    public void Names_are_taken_apart_at_commas_and_blanks_outside_of_parentheses() =>
        Assert.Equal(["Read", "Bash(git add:*, x)", "Write", "fetch"], SkillTools.Split("Read, Bash(git add:*, x) Write,fetch"));

    [Theory]
    [InlineData("WebFetch(domain:docs.example.org)", "docs.example.org", true)]
    [InlineData("WebFetch(domain:docs.example.org)", "example.org", false)]
    [InlineData("WebFetch", "example.org", true)]
    public void Claude_s_way_to_name_a_host_is_understood(string name, string host, bool isAllowed) => Assert.Equal(
        isAllowed, SkillTools.Rules([name]).Decide(PermissionMode.Auto, "fetch", new ToolIntent(ToolEffect.Fetch, host, "fetch")) is PermissionDecision.Allow);

    private static ScriptStep Use(string name, string? file = null) =>
        new([new ScriptCall("skill", Sample.Json(file is null ? $$"""{"name":"{{name}}"}""" : $$"""{"name":"{{name}}","file":"{{file}}"}"""))]);

    private async Task<TurnRecord> RunAsync(IReadOnlyList<ITool> tools, params ScriptStep[] steps)
    {
        var looped = new Looped([.. steps, Looped.Say("Done.")]) { Tools = tools, Extend = Folders().ExtendAsync };
        return await looped.RunAsync(new FakeTurn(Session(), [Sample.User("Go.")]));
    }

    private Session Session() => Sample.Session(Looped.Model, _folder.Path);

    private static SkillFolders Folders() => new([], (_, _) => Task.FromResult(true));

    private void Write(string name, string description, string body, string? allowed = null) => _folder.Write(
        $".skein/skills/{name}/SKILL.md", $"---\nname: {name}\ndescription: {description}\n{(allowed is null ? "" : $"allowed-tools: {allowed}\n")}---\n{body}\n");
}
