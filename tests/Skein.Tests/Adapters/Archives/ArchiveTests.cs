using Skein.Adapters.Archives;
using Skein.Core;
using Skein.Testing;
using Skein.Tests.House;

namespace Skein.Tests.Adapters.Archives;

/// <summary>Sessions as agents keep them by themselves: files of the real programs, whole and damaged.</summary>
public sealed class ArchiveTests : IDisposable
{
    private const string Samples = "tests/Skein.Tests/Adapters/Archives/Samples";
    private const string ClaudeId = "048a17d8-6124-4f64-ab5b-09cf187e7cdb";
    private const string CodexId = "01a1fbb6-b00c-7f12-a546-146ae32cfcc6";
    private const string CodexForkId = "01a1fbb6-c2e8-7923-aff0-64346fbb6297";

    private readonly TempFolder _folder = new();
    private readonly IdSource _ids = new(TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_session_of_Claude_Code_has_all_that_was_said_called_and_answered()
    {
        var archive = new ClaudeArchive(Repository.PathOf($"{Samples}/claude"), _ids);

        var found = Assert.Single(await archive.ListAsync("/", Cancellation));
        var read = await archive.ReadAsync(found, Cancellation);

        Assert.Equal((ClaudeId, "/srv/agents/work/claude", "write the file [write]"), (found.Id, found.Workspace, found.Title));
        Assert.Equal(["write the file [write]", "I will run one tool.", "Done. The tool printed its output; final answer from the fake model."], read.Messages.Select(m => m.Text));
        var parts = read.Messages[1].Parts.Select(p => p.Content).ToList();
        var call = Assert.Single(parts.OfType<ToolCallPart>());
        Assert.Equal("Write", call.Tool);
        Assert.StartsWith("File created successfully", Assert.Single(parts.OfType<ToolResultPart>(), r => r.CallId == call.CallId).Output, StringComparison.Ordinal);
        Assert.Equal("claude-sonnet-4-5", read.Model);
        Assert.Equal(0.00282m, read.Messages.Sum(m => m.Cost ?? 0));
        Assert.Empty(read.Problems);
    }

    [Fact]
    public async Task A_session_of_Codex_has_all_that_was_said_called_and_answered()
    {
        var read = await ReadCodexAsync(CodexId);

        Assert.Equal("say hello [think]", read.Messages[0].Text);
        Assert.Equal("second turn", read.Messages[3].Text);
        Assert.Equal("Let me think about this carefully.", Assert.IsType<ReasoningPart>(read.Messages[1].Parts[0].Content).Text);
        var call = Assert.Single(read.Messages[1].Parts.Select(p => p.Content).OfType<ToolCallPart>());
        Assert.Equal(("exec_command", """{"cmd":"echo hello"}"""), (call.Tool, call.Arguments.GetRawText()));
        Assert.Contains("hello\n", Assert.Single(read.Messages[1].Parts.Select(p => p.Content).OfType<ToolResultPart>()).Output, StringComparison.Ordinal);
        Assert.All(read.Messages.Where(m => m.Role == Role.Assistant).Take(4), m => Assert.Equal(new Usage(200, 34, CacheRead: 1000), m.Usage));
        Assert.Equal("fake-model", read.Model);
        Assert.Empty(read.Problems);
    }

    [Fact]
    public async Task A_fork_of_Codexs_begins_with_what_its_origin_had_then()
    {
        var origin = await ReadCodexAsync(CodexId);
        var fork = await ReadCodexAsync(CodexForkId);

        Assert.Equal(["say hello [think]", "second turn", "after resume [notool]", "in fork [notool]"], fork.Messages.Where(m => m.Role == Role.User).Select(m => m.Text));
        Assert.Contains("after compact [notool]", origin.Messages.Select(m => m.Text));
        Assert.Empty(fork.Problems);
    }

    [Fact]
    public async Task What_is_damaged_is_told_with_its_place_and_the_rest_is_read()
    {
        var source = await File.ReadAllLinesAsync(Repository.PathOf($"{Samples}/claude/projects/-srv-agents-work-claude/{ClaudeId}.jsonl"), Cancellation);
        var broken = Array.FindIndex(source, l => l.Contains("tool_use", StringComparison.Ordinal) && l.Contains("\"name\":\"Write\"", StringComparison.Ordinal));
        source[broken] = source[broken][..200];
        var file = _folder.Write($"projects/-w/{ClaudeId}.jsonl", string.Join('\n', source.Append("[1]")) + "\n{\"type\":\"user\",\"uuid\":\"x");
        var archive = new ClaudeArchive(_folder.Path, _ids);

        var read = await archive.ReadAsync(Assert.Single(await archive.ListAsync("/", Cancellation)), Cancellation);

        Assert.Contains($"{file}, line {broken + 1}: is no JSON (200 characters)", read.Problems);
        Assert.Contains($"{file}, line {source.Length + 1}: is no JSON object", read.Problems);
        Assert.Contains(read.Problems, p => p.StartsWith($"{file}, line {source.Length + 2}: is no JSON", StringComparison.Ordinal));
        Assert.Contains(read.Problems, p => p.Contains("follows a record that is not there", StringComparison.Ordinal));
        Assert.Equal(["write the file [write]", "I will run one tool.", "Done. The tool printed its output; final answer from the fake model."], read.Messages.Select(m => m.Text));
    }

    [Fact]
    public async Task Cut_at_any_line_a_session_is_read_up_to_there()
    {
        foreach (var (name, archive) in new (string, Func<string, IAgentArchive>)[]
        {
            ($"claude/projects/-srv-agents-work-claude/{ClaudeId}.jsonl", path => new ClaudeArchive(path, _ids)),
            ($"codex/sessions/2026/11/21/rollout-2026-11-21T01-26-56-{CodexId}.jsonl", path => new CodexArchive(path, _ids)),
        })
        {
            var lines = await File.ReadAllLinesAsync(Repository.PathOf($"{Samples}/{name}"), Cancellation);
            var before = 0;
            for (var cut = 1; cut <= lines.Length; cut++)
            {
                var place = _folder.Write("cut.jsonl", string.Join('\n', lines[..cut]));
                var read = await archive(_folder.Path).ReadAsync(new FoundSession("x", null, null, null, place), Cancellation);

                Assert.Empty(read.Problems);
                Assert.All(read.Messages, m => Assert.Empty(m.UnansweredCalls));
                Assert.True(read.Messages.Count >= before);
                before = read.Messages.Count;
            }
        }
    }

    private async Task<FoundTranscript> ReadCodexAsync(string id)
    {
        var archive = new CodexArchive(Repository.PathOf($"{Samples}/codex"), _ids);
        return await archive.ReadAsync(Assert.Single(await archive.ListAsync("/", Cancellation), s => s.Id == id), Cancellation);
    }
}
