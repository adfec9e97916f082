using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.House;

/// <summary>docs/events.md is the log's drawing: its names, fields and examples are those of the code.</summary>
public sealed partial class EventDocumentTests
{
    private static readonly IReadOnlyList<Section> s_sections = ReadSections(Repository.Read("docs/events.md"));

    public static TheoryData<string> Events => [.. EventNames.All];

    public static TheoryData<string> Shapes => [.. s_shapes.Keys];

    private static readonly Dictionary<string, JsonTypeInfo> s_shapes = new(StringComparer.Ordinal)
    {
        ["Imported"] = SkeinJson.Relaxed.Imported,
        ["ForkOrigin"] = SkeinJson.Relaxed.ForkOrigin,
        ["Segment"] = SkeinJson.Relaxed.Segment,
        ["Repair"] = SkeinJson.Relaxed.Repair,
        ["TurnOptions"] = SkeinJson.Relaxed.TurnOptions,
        ["MessagePart"] = SkeinJson.Relaxed.MessagePart,
        ["`text`"] = SkeinJson.Relaxed.TextPart,
        ["`reasoning`"] = SkeinJson.Relaxed.ReasoningPart,
        ["`tool_call`"] = SkeinJson.Relaxed.ToolCallPart,
        ["`tool_result`"] = SkeinJson.Relaxed.ToolResultPart,
        ["`file`"] = SkeinJson.Relaxed.FilePart,
        ["BlobRef"] = SkeinJson.Relaxed.BlobRef,
        ["Usage"] = SkeinJson.Relaxed.Usage,
        ["Cause"] = SkeinJson.Relaxed.Cause,
    };

    [Fact]
    public void It_names_exactly_the_events_there_are()
    {
        var named = s_sections.Where(s => s.Title.StartsWith('`') && s.Title.Contains('.', StringComparison.Ordinal)).Select(s => s.Title.Trim('`'));

        Assert.Equal(EventNames.All.Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void It_names_exactly_the_fields_of_an_event(string name) =>
        Assert.Equal(FieldsOf(EventNames.ShapeOf(name)!), s_sections.Single(s => s.Title == $"`{name}`").Fields);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void It_names_exactly_the_fields_of_a_shape(string title) =>
        Assert.Equal(FieldsOf(s_shapes[title]), s_sections.Single(s => s.Title == title).Fields);

    [Theory]
    [MemberData(nameof(Events))]
    public void Its_example_is_the_line_that_the_event_is_written_as(string name)
    {
        var example = s_sections.Single(s => s.Title == $"`{name}`").Example;

        var read = EventCodec.Decode(Encoding.UTF8.GetBytes(example), SessionId.Parse("ses_01kah3q6x9v3m8zr5t0w2y4b6c"));
        var written = EventCodec.Encode(read, withSession: name is "session.created" or "session.forked");

        Assert.IsNotType<UnknownEvent>(read.Body);
        Assert.Equal(name, read.Type);
        Assert.Equal(example, Encoding.UTF8.GetString(written.Span));
    }

    // Nulls are not written: a field that may be null must be able to be absent, or the event would come back as unknown.
    [Theory]
    [MemberData(nameof(Events))]
    public void Exactly_the_fields_that_it_marks_may_be_absent(string name)
    {
        var section = s_sections.Single(s => s.Title == $"`{name}`");
        var data = JsonNode.Parse(section.Example)!["data"]!.AsObject();

        Assert.All(section.Fields, field =>
        {
            var without = data.DeepClone().AsObject();
            without.Remove(field);

            var body = EventCodec.DecodeBody(name, Encoding.UTF8.GetBytes(without.ToJsonString()));

            Assert.Equal(section.Optional.Contains(field), body is not UnknownEvent);
        });
    }

    [Theory]
    [InlineData(typeof(PermissionMode), "mode")]
    [InlineData(typeof(FailureKind), "failure")]
    [InlineData(typeof(StopReason), "stop")]
    public void It_names_exactly_the_words_there_are(Type words, string title)
    {
        var line = Words().Matches(Repository.Read("docs/events.md")).Single(m => m.Groups[1].Value == title).Groups[2].Value;
        var known = Enum.GetValues(words).Cast<object>()
            .Select(value => System.Text.Json.JsonSerializer.Serialize(value, SkeinJson.Relaxed.GetTypeInfo(words)!).Trim('"'));

        Assert.Equal(known.Order(StringComparer.Ordinal), Quoted().Matches(line).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> FieldsOf(JsonTypeInfo shape) =>
        shape.Properties.Where(p => p.Get is not null).Select(p => p.Name);

    private static List<Section> ReadSections(string text) =>
    [
        .. Heading().Split(text).Skip(1).Chunk(2).Select(pair => new Section(
            pair[0].Trim(),
            [.. FieldRow().Matches(pair[1]).Select(m => m.Groups[1].Value)],
            [.. FieldRow().Matches(pair[1]).Where(m => m.Groups[2].Value.EndsWith('?')).Select(m => m.Groups[1].Value)],
            Example().Match(pair[1]).Groups[1].Value)),
    ];

    private sealed record Section(string Title, IReadOnlyList<string> Fields, IReadOnlyList<string> Optional, string Example);

    [GeneratedRegex(@"^#{2,4} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\| `(\w+)` \| ([^|]*?) \|", RegexOptions.Multiline)]
    private static partial Regex FieldRow();

    [GeneratedRegex("```json\n(.+)\n```")]
    private static partial Regex Example();

    [GeneratedRegex(@"^- \*\*(\w+)\*\*: ((?:.+\n)(?:  .+\n)*)", RegexOptions.Multiline)]
    private static partial Regex Words();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
