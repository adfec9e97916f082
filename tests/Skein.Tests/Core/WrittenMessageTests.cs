using System.Text;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Core;

/// <summary>A line that is read in one pass says what the general way says of it.</summary>
public sealed class WrittenMessageTests
{
    private static readonly IdSource s_ids = new(TimeProvider.System);
    private static readonly SessionId s_session = s_ids.Next<SessionId>();

    public static TheoryData<string> Texts =>
        ["", "plain", "größer 日本語 🦢", "\"quoted\" \\ / \b\f\n\r\t", "\\\"", "ends with \\", "\",\"crc\":\"00000000\"}", "}}]}}", new string('x', 100_000)];

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_message_of_text_is_read_in_one_pass(string text)
    {
        var json = Line(Message(text, text), new Cause("cli", text), more: true);

        Assert.True(WrittenMessage.TryRead(json, s_session, out var e));

        Assert.Equal(Meaning(EventCodec.DecodeAny(json, s_session)), Meaning(e));
        Assert.Equal([text, text], Assert.IsType<MessageAdded>(e.Body).Parts.Select(p => ((TextPart)p.Content).Text));
    }

    [Fact]
    public void One_whose_text_has_escapes_in_digits_is_left_to_the_general_way()
    {
        var json = Line(Message("\u001b[31m"), by: null, more: false);

        Assert.False(WrittenMessage.TryRead(json, s_session, out _));
        Assert.IsType<MessageAdded>(EventCodec.Decode(json, s_session).Body);
    }

    [Fact]
    public void Whichever_byte_of_a_line_is_another_both_ways_say_the_same_or_it_is_left_to_the_general_one()
    {
        var json = Line(Message("größer \"quoted\"\n🦢"), new Cause("cli", "k"), more: true);
        var read = 0;

        for (var at = 0; at < json.Length; at++)
        {
            foreach (var other in (byte[])[0, (byte)' ', (byte)'"', (byte)'\\', (byte)'0', (byte)'9', (byte)'a', (byte)'}', 0x80, 0xC3, 0xFF])
            {
                byte[] changed = [.. json[..at], other, .. json[(at + 1)..]];
                if (!WrittenMessage.TryRead(changed, s_session, out var e))
                    continue;

                read++;
                Assert.Equal(Meaning(EventCodec.DecodeAny(changed, s_session)), Meaning(e));
            }

            Assert.False(WrittenMessage.TryRead(json.AsSpan(0, at), s_session, out _));
        }

        Assert.True(read > 100, $"Only {read} were read: the test compared next to nothing.");
    }

    private static MessageAdded Message(params string[] texts) => new(
        s_ids.Next<MessageId>(), Role.Assistant, MessageStatus.Completed, 7,
        [.. texts.Select(text => new MessagePart(s_ids.Next<PartId>(), new TextPart(text)))], s_ids.Next<TurnId>(), "scripted/any");

    private static byte[] Line(MessageAdded message, Cause? by, bool more)
    {
        var e = new SessionEvent(s_session, 12, new DateTimeOffset(2026, 11, 28, 8, 46, 22, 123, TimeSpan.Zero), message, by, more);
        return [.. EventCodec.Encode(e, withSession: false).Span[..^1], .. ",\"crc\":\"9a3c04f1\"}"u8];
    }

    private static string Meaning(SessionEvent e) => Encoding.UTF8.GetString(EventCodec.Encode(e, withSession: true).Span);
}
