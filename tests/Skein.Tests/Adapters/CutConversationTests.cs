using System.Text.Json;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Adapters.Acp;
using Skein.Tests.Adapters.Claude;
using Skein.Tests.Adapters.Codex;
using Skein.Tests.Running;

namespace Skein.Tests.Adapters;

/// <summary>Recorded conversations of real agents that end in the middle of what is said, as when the agent is killed: through the kernel, into the log.</summary>
public sealed class CutConversationTests
{
    [Fact]
    public Task What_an_agent_that_speaks_acp_had_said_when_it_died_stands_in_the_log() =>
        DieAsync(AcpReplay.Names.Select(AcpReplay.Lines), AcpReplay.Begun);

    [Fact]
    public Task What_codex_had_said_when_it_died_stands_in_the_log() => DieAsync(CodexReplay.Names.Select(CodexReplay.Lines), CodexReplay.Begun);

    [Fact]
    public Task What_claude_code_had_said_when_it_died_stands_in_the_log() => DieAsync(ClaudeReplay.Names.Select(ClaudeReplay.Lines), _ => ClaudeReplay.Begun());

    private static async Task DieAsync(IEnumerable<IReadOnlyList<JsonElement>> recordings, Func<IReadOnlyList<JsonElement>, Replay> begin)
    {
        Replay playing = null!;
        await using var kernel = await Kernel.StartAsync(ScriptedAgent.Kind((_, _) => Die(playing)));
        var cuts = recordings.SelectMany(lines => InASentence(lines, begin(lines)).Select(cut => (lines, cut))).ToList();
        Assert.NotEmpty(cuts);
        for (var i = 0; i < cuts.Count; i += Rounds.Step)
        {
            var (lines, cut) = cuts[i];
            playing = begin(lines);
            foreach (var line in lines.Take(cut))
                playing.Play(line);
            var session = await kernel.NewSessionAsync();

            await kernel.TurnAsync(session, "go");

            var messages = await kernel.MessagesAsync(session);
            Assert.Equal(playing.Kept + playing.Arriving, string.Concat(messages.Where(m => m.Role == Role.Assistant).Select(m => m.Text)));
        }
    }

    /// <summary>After how many lines something was shown that is no part yet.</summary>
    private static List<int> InASentence(IReadOnlyList<JsonElement> lines, Replay replay)
    {
        var cuts = new List<int>();
        for (var cut = 1; cut <= lines.Count; cut++)
        {
            replay.Play(lines[cut - 1]);
            if (replay.Arriving.Length > 0)
                cuts.Add(cut);
        }

        return cuts;
    }

    private static async IAsyncEnumerable<AgentOutput> Die(Replay replay)
    {
        foreach (var output in replay.Outputs)
            yield return output;
        await Task.CompletedTask;
        yield return new TurnFailure(FailureKind.Internal, "goose", "goose was ended by signal 9.");
    }
}
