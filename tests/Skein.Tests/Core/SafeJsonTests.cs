using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Core;

public sealed class SafeJsonTests
{
    private static readonly SessionId s_session = SessionId.Parse("ses_01kah3q6x9v3m8zr5t0w2y4b6c");
    private static readonly DateTimeOffset s_at = new(2026, 11, 21, 8, 46, 22, TimeSpan.Zero);

    [Theory]
    [InlineData("""{"a":"plain"}""", """{"a":"plain"}""")]
    [InlineData("""{"a":"\u0000"}""", """{"a":"�"}""")]
    [InlineData("""{"a":"\uD83D"}""", """{"a":"�"}""")]
    [InlineData("""{"a":"\uDE00"}""", """{"a":"�"}""")]
    [InlineData("""{"a":"\uDE00\uD83D"}""", """{"a":"��"}""")]
    [InlineData("""{"a":"\uD83Dx\uDE00"}""", """{"a":"�x�"}""")]
    [InlineData("""{"a":"\uD83D\uD83D\uDE00"}""", """{"a":"�😀"}""")]
    [InlineData("""{"a":"\ud83d\ude00!"}""", """{"a":"😀!"}""")]
    [InlineData("""{"a":"\\u0000"}""", """{"a":"\\u0000"}""")]
    [InlineData("""{"a":"\\\u0000"}""", """{"a":"\\�"}""")]
    [InlineData("""{"a":"\\\\uD83D"}""", """{"a":"\\\\uD83D"}""")]
    [InlineData("""{"a":"\uD83D\\uDE00"}""", """{"a":"�\\uDE00"}""")]
    [InlineData("""{"\u0000k\uD800":1}""", """{"�k�":1}""")]
    [InlineData("""{"a":"\u001b[31m\n\"\u0022"}""", """{"a":"\u001b[31m\n\"\u0022"}""")]
    [InlineData("""["\u0000",["\uDFFF"]]""", """["�",["�"]]""")]
    public void Text_that_no_store_could_keep_is_replaced(string json, string clean) =>
        Assert.Equal(clean, Encoding.UTF8.GetString(SafeJson.Clean(Encoding.UTF8.GetBytes(json).AsMemory()).Span));

    [Fact]
    public void Where_there_is_nothing_to_do_nothing_is_copied()
    {
        ReadOnlyMemory<byte> json = """{"a":"größer 😀 \n"}"""u8.ToArray();

        Assert.True(SafeJson.Clean(json).Equals(json));
    }

    [Theory]
    [InlineData("{", false)]
    [InlineData("", false)]
    [InlineData("{} {}", false)]
    [InlineData("""{"a":1,}""", false)]
    [InlineData("\"\\u00\"", false)]
    [InlineData("\"\\uD8", false)]
    [InlineData("\"\\", false)]
    [InlineData(" {} ", true)]
    [InlineData("[\"\\uD800\"]", true)]
    public void What_a_model_wrote_is_parsed_or_refused_but_never_throws(string text, bool good) =>
        Assert.Equal(good, SafeJson.TryParse(text, out _));

    [Fact]
    public void An_element_that_others_wrote_is_cleaned_as_it_comes_in()
    {
        Assert.True(SafeJson.TryParse("""{"path":"a\u0000b","n":{"\uDC00":["\ud83d\ude00"]}}""", out var element));

        Assert.Equal("""{"path":"a�b","n":{"�":["😀"]}}""", element.GetRawText());
    }

    // Any text at all, halves of pairs and zeros included: what is appended is what a reader gets, but for what cannot be kept.
    [Fact]
    public void Any_text_survives_the_log_but_for_what_no_store_keeps() =>
        Prop.ForAll(AnyText(), text =>
        {
            var line = EventCodec.Encode(new SessionEvent(s_session, 1, s_at, new SessionTitled(text, TitleSource.Manual)), withSession: true);
            var body = (SessionTitled)EventCodec.Decode(line.Span, s_session).Body;

            return body.Title == Kept(text)
                && !line.Span.Contains((byte)'\n')
                && line.Span.IndexOf("\\u0000"u8) < 0;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_survives_as_an_argument_that_a_model_wrote() =>
        Prop.ForAll(AnyText(), AnyText(), (key, value) =>
        {
            // As a model's server sends it: escapes for everything that is not ASCII, halves of pairs too.
            var json = $"{{{Escaped(key)}:{Escaped(value)}}}";
            if (!SafeJson.TryParse(json, out var arguments))
                return false;

            var part = new PartAdded(
                MessageId.Parse("msg_01kah3q7a0d2f4h6j8k0m2n4p6"), PartId.Parse("prt_01kah3q7d2f4h6j8k0m2n4p6q8"), new ToolCallPart("1", "write", arguments));
            var line = EventCodec.Encode(new SessionEvent(s_session, 1, s_at, part), withSession: false);
            var read = (ToolCallPart)((PartAdded)EventCodec.Decode(line.Span, s_session).Body).Content;
            var property = read.Arguments.EnumerateObject().Single();

            return property.Name == Kept(key) && property.Value.GetString() == Kept(value);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Cleaning_twice_changes_nothing_more() =>
        Prop.ForAll(AnyText(), text =>
        {
            var once = SafeJson.Clean(Encoding.UTF8.GetBytes(Escaped(text)).AsMemory());
            return SafeJson.Clean(once).Span.SequenceEqual(once.Span);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_unknown_event_is_carried_whole()
    {
        const string line = """{"seq":7,"at":"2026-11-21T08:46:22.000Z","type":"goose.landed","data":{"where":"lake","n":[1,2.50,null]}}""";

        var read = EventCodec.Decode(Encoding.UTF8.GetBytes(line), s_session);

        Assert.Equal("goose.landed", Assert.IsType<UnknownEvent>(read.Body).Type);
        Assert.Equal(line, Encoding.UTF8.GetString(EventCodec.Encode(read, withSession: false).Span));
    }

    [Theory]
    [InlineData("[]", "object")]
    [InlineData("""{"at":"2026-11-21T08:46:22Z","type":"session.archived","data":{}}""", "needs seq")]
    [InlineData("""{"seq":0,"at":"2026-11-21T08:46:22Z","type":"session.archived","data":{}}""", "needs seq")]
    [InlineData("""{"v":2,"session":"ses_01kah3q6x9v3m8zr5t0w2y4b6c","seq":1,"at":"2026-11-21T08:46:22Z","type":"session.archived","data":{}}""", "version 2")]
    [InlineData("""{"v":1,"session":"../x","seq":1,"at":"2026-11-21T08:46:22Z","type":"session.archived","data":{}}""", "malformed")]
    public void What_is_no_event_of_ours_is_refused_with_a_reason(string line, string reason) =>
        Assert.Contains(reason, Assert.Throws<JsonException>(() => EventCodec.Decode(Encoding.UTF8.GetBytes(line), s_session)).Message, StringComparison.Ordinal);

    private static Arbitrary<string> AnyText() =>
        Gen.OneOf(
                Gen.Choose(0, 0xFFFF), Gen.Choose(0xD7FE, 0xE001), Gen.Choose(0, 0x80), Gen.Elements('\\', 'u', '0', '"', '\n', '\0', '\uD83D', '\uDE00').Select(c => (int)c))
            .Select(code => (char)code)
            .ArrayOf()
            .Select(characters => new string(characters))
            .ToArbitrary();

    private static string Kept(string text)
    {
        var kept = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
            kept.Append(rune.Value == 0 ? "\uFFFD" : rune.ToString());
        return kept.ToString();
    }

    private static string Escaped(string text) =>
        text.Aggregate(new StringBuilder("\""), (json, c) => c is >= ' ' and < '\x7f' and not ('"' or '\\') ? json.Append(c) : json.Append($"\\u{(int)c:x4}"), json => json.Append('"').ToString());
}
