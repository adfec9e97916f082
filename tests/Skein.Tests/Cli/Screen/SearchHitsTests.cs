using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Search;
using Skein.Testing;

namespace Skein.Tests.Cli.Screen;

public sealed class SearchHitsTests
{
    private static readonly SessionId s_session = SessionId.Parse("ses_01kah3q6x9v3m8zr5t0w2y4b6c");

    [Fact]
    public void A_hit_is_a_line_of_where_and_a_line_with_the_match_marked() =>
        Assert.Equal(
            "\e[36mv3m8zr\e[0m  The login bug\e[2m · now · you\e[0m\n  …dial tcp: \e[1mconnection refused\e[0m by peer\n",
            Shown(Hit(new Snippet("…dial tcp:\n\tconnection refused   by peer\n", 12, 18))));

    [Theory]
    [InlineData(PartKind.Text, Role.Assistant, false, "assistant")]
    [InlineData(PartKind.Reasoning, Role.Assistant, false, "assistant, reasoning")]
    [InlineData(PartKind.ToolCall, Role.Assistant, false, "assistant, tool call")]
    [InlineData(PartKind.ToolResult, Role.Tool, true, "tool · hidden")]
    [InlineData(PartKind.File, Role.User, false, "you, file")]
    public void It_says_who_said_it_and_how(PartKind kind, Role role, bool hidden, string said) =>
        Assert.Contains($" · now · {said}\e[0m\n", Shown(Hit(new Snippet("a", 0, 1)) with { Kind = kind, Role = role, Hidden = hidden }), StringComparison.Ordinal);

    [Fact]
    public void What_was_said_brings_no_control_sequence_along_wherever_it_is_cut()
    {
        const string said = "a\e[2Jb\e]0;title\a c";
        for (var start = 0; start < said.Length; start++)
        {
            var shown = Shown(Hit(new Snippet(said, start, 1)) with { Title = "\e[2Jevil\nnews" }, colors: false);

            Assert.Equal("v3m8zr  evil news · now · you\n  ab c\n", shown);
        }
    }

    private static SearchHit Hit(Snippet snippet) =>
        new(s_session, "The login bug", 2, new ManualClock().GetUtcNow(), default, default, PartKind.Text, Role.User, snippet);

    private static string Shown(SearchHit hit, bool colors = true)
    {
        using var written = new StringWriter();
        new SearchHits(new Terminal(written, isTerminal: true, colors, 80), new ManualClock()).Show(hit);
        return written.ToString();
    }
}
