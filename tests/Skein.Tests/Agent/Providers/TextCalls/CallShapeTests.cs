using System.Text;
using Microsoft.Extensions.AI;
using Skein.Agent.Providers.TextCalls;

namespace Skein.Tests.Agent.Providers.TextCalls;

/// <summary>Calls that models write into their text, whole and in pieces.</summary>
public sealed class CallShapeTests
{
    private static readonly ToolNames s_tools = new(
    [
        Tool("read", """{"type":"object","properties":{"path":{"type":"string"},"limit":{"type":"integer"}},"required":["path"]}"""),
        Tool("write", """{"type":"object","properties":{"path":{"type":"string"},"content":{"type":"string"}},"required":["path","content"]}"""),
        Tool("list", """{"type":"object","properties":{"path":{"type":"string"}}}"""),
        Tool("bash", """{"type":"object","properties":{"command":{"type":"string"},"background":{"type":"boolean"}},"required":["command"]}"""),
    ]);

    public static TheoryData<string> Names => [.. ShapeCases.Calls.Select(static c => c.Name)];

    public static TheoryData<string> Words => [.. ShapeCases.Words.Select(static w => w.Text)];

    [Fact]
    public void There_are_more_than_sixty_shapes() => Assert.True(ShapeCases.Calls.Count(static c => c.Calls.Length > 0) > 60);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_call_in_the_text_is_one_wherever_its_pieces_end(string name)
    {
        var shape = Shape(name);
        var expected = new Heard(shape.Said, shape.Thought, string.Join('\n', shape.Calls));

        Assert.Equal(expected, Hear([shape.Text], isTaught: true));
        foreach (var pieces in Cuts(shape.Text))
            Assert.Equal((string.Join('|', pieces), expected), (string.Join('|', pieces), Hear(pieces, isTaught: true)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_model_that_was_not_taught_is_taken_at_its_text_only_where_that_is_surely_a_call(string name)
    {
        var shape = Shape(name);
        var whole = Hear([shape.Text], isTaught: false);

        Assert.Equal(shape.InNative ? string.Join('\n', shape.Calls) : "", whole.Calls);
        if (shape.InNative)
            Assert.Equal((shape.Said, shape.Thought), (whole.Said, whole.Thought));
        else
            Assert.Equal(shape.Text.Trim(), whole.Said.Trim());
        foreach (var pieces in Cuts(shape.Text))
            Assert.Equal((string.Join('|', pieces), whole), (string.Join('|', pieces), Hear(pieces, isTaught: false)));
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void An_answer_that_only_talks_about_calls_stays_as_it_is(string text)
    {
        var thought = ShapeCases.Words.Single(w => w.Text == text).Thought;
        var said = thought.Length == 0 ? text : "Hello.";

        foreach (var isTaught in new[] { true, false })
            foreach (var pieces in Cuts(text).Append([text]))
                Assert.Equal((string.Join('|', pieces), new Heard(said, thought, "")), (string.Join('|', pieces), Hear(pieces, isTaught)));
    }

    [Fact]
    public void What_stands_before_a_call_is_shown_before_the_call_is_there()
    {
        var answer = new AnswerText(s_tools, isTaught: true);
        var said = new List<AIContent>();

        answer.Add("I'll look.\n\n<tool_", said);

        Assert.Equal("I'll look.", string.Concat(said.OfType<TextContent>().Select(t => t.Text)));
        answer.Add("call>{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}</tool_call>", said);
        Assert.Single(said.OfType<TextCallContent>());
    }

    [Fact]
    public void Ordinary_text_is_shown_piece_by_piece()
    {
        var answer = new AnswerText(s_tools, isTaught: true);
        foreach (var piece in new[] { "One", " two,", "\n\n- three", "\n```cs\nvar x = 1;" })
        {
            var said = new List<AIContent>();
            answer.Add(piece, said);
            Assert.Equal(piece.Trim(), string.Concat(said.OfType<TextContent>().Select(t => t.Text)).Trim());
        }
    }

    [Fact]
    public void Thoughts_of_which_only_the_end_is_told_are_told_to_be_some()
    {
        foreach (var pieces in Cuts("Hm, hm.\n</think>\n\nHello.").Append(["Hm, hm.\n</think>\n\nHello."]))
        {
            var said = HearAll(pieces, isTaught: false);
            var end = said.FindIndex(static c => c is SaidWasThought);
            Assert.Equal("Hm, hm.", Text(said[..end]));
            Assert.Equal("Hello.", Text(said[end..]));
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task A_long_call_in_small_pieces_is_read_in_time_that_grows_with_its_length()
    {
        await Task.Yield();
        var content = string.Concat(Enumerable.Range(0, 20_000).Select(static i => $"line {i}\\n"));
        var text = $"<tool_call>{{\"name\": \"write\", \"arguments\": {{\"path\": \"a\", \"content\": \"{content}\"}}}}</tool_call>";

        var said = HearAll([.. text.Chunk(4).Select(static c => new string(c))], isTaught: true);

        Assert.Equal(content.Length - 20_000, ((TextCallContent)Assert.Single(said)).Call.Arguments!["content"]!.GetValue<string>().Length);
    }

    private static ShapeCase Shape(string name) => ShapeCases.Calls.Single(c => c.Name == name);

    // In two at every place, and in pieces of some lengths.
    private static IEnumerable<string[]> Cuts(string text)
    {
        for (var at = 1; at < text.Length; at++)
            yield return [text[..at], text[at..]];
        foreach (var size in new[] { 1, 2, 3, 5, 7, 11 })
            yield return [.. text.Chunk(size).Select(static c => new string(c))];
    }

    private static Heard Hear(string[] pieces, bool isTaught)
    {
        var said = HearAll(pieces, isTaught);
        var thought = new StringBuilder();
        foreach (var content in said.OfType<TextReasoningContent>())
            thought.Append(content.Text);
        return new Heard(
            Text(said), thought.ToString(),
            string.Join('\n', said.OfType<TextCallContent>().Select(static c => $"{c.Call.Tool ?? TextCall.Nameless} {c.Call.Arguments?.ToJsonString() ?? "!"}")));
    }

    private static List<AIContent> HearAll(string[] pieces, bool isTaught)
    {
        var answer = new AnswerText(s_tools, isTaught);
        var said = new List<AIContent>();
        foreach (var piece in pieces)
            answer.Add(piece, said);
        answer.End(said);
        return said;
    }

    private static string Text(IEnumerable<AIContent> said) => string.Concat(said.OfType<TextContent>().Select(static t => t.Text));

    private static AIFunctionDeclaration Tool(string name, string schema) => AIFunctionFactory.CreateDeclaration(name, $"Does {name}.", Sample.Json(schema));

    private sealed record Heard(string Said, string Thought, string Calls);
}
