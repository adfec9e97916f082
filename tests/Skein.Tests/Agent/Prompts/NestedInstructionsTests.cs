using Skein.Agent.Providers;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Testing;
using Skein.Tests.Agent.Loop;

namespace Skein.Tests.Agent.Prompts;

/// <summary>Instructions of folders below the workspace reach the model when something in them is touched.</summary>
public sealed class NestedInstructionsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task They_are_told_once_with_the_first_result_the_outer_folder_first()
    {
        _folder.Write("AGENTS.md", "of the root");
        _folder.Write("src/AGENTS.md", "of src");
        _folder.Write("src/ui/CLAUDE.md", "of ui");
        _folder.Write("src/ui/a.txt", "a");

        var outputs = await OutputsAsync([], Read("src/ui/a.txt"), Read("src/ui/a.txt"));

        Assert.StartsWith("a", outputs[0].TrimStart('1', '\t', ' '), StringComparison.Ordinal);
        Assert.EndsWith(
            $"[The project's instructions for src, from {_folder.Below("src/AGENTS.md")}]\nof src\n\n[The project's instructions for src/ui, from {_folder.Below("src/ui/CLAUDE.md")}]\nof ui",
            outputs[0], StringComparison.Ordinal);
        Assert.DoesNotContain("instructions", outputs[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_earlier_turn_told_is_not_told_again()
    {
        _folder.Write("src/AGENTS.md", "of src");
        _folder.Write("src/a.txt", "a");
        var first = (await OutputsAsync([], Read("src/a.txt")))[0];
        Message[] earlier = [Sample.User("Before."), Sample.Assistant(Looped.Model, new ToolCallPart("1", "read", default), new ToolResultPart("1", first, false))];

        // The script goes on behind what the conversation holds.
        var outputs = await OutputsAsync(earlier, Looped.Say("Before."), Read("src/a.txt"));

        Assert.Contains("of src", first, StringComparison.Ordinal);
        Assert.DoesNotContain("of src", outputs[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outside_of_the_workspace_and_behind_a_link_out_of_it_nothing_is_told()
    {
        using var other = new TempFolder();
        other.Write("AGENTS.md", "of others");
        var path = other.Write("a.txt", "a");
        _folder.Write("sub/a.txt", "a");
        File.CreateSymbolicLink(_folder.Below("sub/AGENTS.md"), other.Below("AGENTS.md"));

        var outputs = await OutputsAsync([], Read(path), Read("sub/a.txt"));

        Assert.All(outputs, o => Assert.DoesNotContain("of others", o, StringComparison.Ordinal));
    }

    private static ScriptStep Read(string path) => new([new ScriptCall("read", Sample.Json($$"""{"path":"{{path}}"}"""))]);

    private async Task<string[]> OutputsAsync(IReadOnlyList<Message> earlier, params ScriptStep[] steps)
    {
        var looped = new Looped([.. steps, Looped.Say("Done.")])
        {
            Tools = [.. BuiltInTools.All(new ToolSettings(new Dictionary<string, string>(), TimeProvider.System)).Where(t => t.Name == "read")],
        };
        var turn = new FakeTurn(Sample.Session(Looped.Model, _folder.Path), [.. earlier, Sample.User("Go.")]);

        var record = await looped.RunAsync(turn);

        return [.. record.Events.OfType<Skein.Core.Events.PartAdded>().Select(p => p.Content).OfType<ToolResultPart>().Select(r => r.Output)];
    }
}
