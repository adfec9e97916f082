using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Tests.Store;

/// <summary>What holds for any log, not only for those somebody thought of.</summary>
public sealed class LogProperties
{
    private static readonly string[] s_odd =
        ["", "plain", "\0", "\ud83e", "\udda2", "🦢", "\u001b[31m", "\"\\/\r\n\t", "日本語", "\uFFFD", "{\"seq\":9,\"at\":\"", "\u2028</script>"];

    [Fact]
    public void What_is_encoded_decodes_to_what_encodes_the_same() => ForAnyLog((events, _) =>
    {
        foreach (var e in events)
        {
            var line = EventCodec.Encode(e, withSession: true);
            var back = EventCodec.Decode(line.Span, e.Session);

            Assert.Equal((e.Session, e.Seq, e.At, e.Type, e.More), (back.Session, back.Seq, back.At, back.Type, back.More));
            Assert.Equal(e.Body.GetType(), back.Body.GetType());
            Assert.Equal(Meaning(line.Span), Meaning(EventCodec.Encode(back, withSession: true).Span));
            Assert.DoesNotContain('\0', Meaning(line.Span));
        }
    });

    [Fact]
    public void A_row_that_was_kept_after_any_event_folds_on_to_the_same_row() => ForAnyLog((events, cut) =>
    {
        var stored = Stored(events);
        var all = Fold(null, stored);

        var kept = Fold(null, stored.Take(cut));
        var line = Sealed(new CatalogLine(new CatalogRow(new LogState(kept!.Seq, 7, kept), 8)));
        var read = CatalogLine.Read(line, new SharedTexts()).Row!.Value;
        var row = CatalogLine.ReadRow(line);

        Assert.Equal((kept.Seq, 7, 8), (read.State.Seq, read.State.End, read.Written));
        Assert.Equal(Some.Text(kept), Some.Text(row));
        Assert.Equal(WithoutSegments(SessionKeys.Of(row!)), WithoutSegments(read.State.Keys!));
        Assert.Equal(row!.Segments, read.State.Keys!.Links.Segments);
        Assert.Equal(Some.Text(all), Some.Text(Fold(row, stored.Skip(cut))));
    });

    [Fact]
    public void A_transcript_is_the_same_from_the_events_and_from_the_log_and_when_checkpoints_come_twice() => ForAnyLog((events, _) =>
    {
        var stored = Stored(events);
        var all = Messages(stored);

        Assert.Equal(all, Messages(Stored(stored)));
        Assert.Equal(all, Messages(stored.SelectMany(e => e.Body is PartStreamed { Offset: 0 } ? [e, e] : new[] { e })));
    });

    [Fact]
    public void A_sealed_line_opens_and_any_other_does_not() => ForAnyLog((events, cut) =>
    {
        var e = events[cut - 1] with { More = false };
        var bytes = new ArrayBufferWriter<byte>();
        LogLine.Seal(EventCodec.Encode(e, withSession: cut % 2 == 0).Span, bytes);
        var line = bytes.WrittenSpan[..^1].ToArray();

        Assert.True(LogLine.TryOpen(line, out var seq, out var more));
        Assert.Equal((e.Seq, false), (seq, more));
        Assert.Equal(line.Length, LogLine.SealedPrefix([.. line, .. "torn"u8]));
        line[cut % line.Length] ^= 4;
        Assert.False(LogLine.TryOpen(line, out _, out _));
    });

    [Fact]
    public void The_checksum_is_the_one_of_the_standard()
    {
        var line = new ArrayBufferWriter<byte>();

        // CRC-32C of "123456789", with a byte for the closing brace.
        LogLine.Seal("123456789}"u8, line);

        Assert.Equal("123456789,\"crc\":\"e3069283\"}\n", Encoding.UTF8.GetString(line.WrittenSpan));
    }

    // Lists are compared by their identity.
    private static SessionKeys WithoutSegments(SessionKeys keys) => keys with { Links = keys.Links with { Segments = [] } };

    private static void ForAnyLog(Action<IReadOnlyList<SessionEvent>, int> holds) => Prop.ForAll(
        ArbMap.Default.ArbFor<int>(), ArbMap.Default.ArbFor<PositiveInt>(), ArbMap.Default.ArbFor<string[]>(),
        (seed, size, texts) =>
        {
            var count = 1 + (size.Get % 60);
            holds(new RandomLog(seed, [.. texts ?? [], .. s_odd]).Events(count), 1 + (Math.Abs(seed % 1000) % count));
        }).QuickCheckThrowOnFailure();

    private static IReadOnlyList<SessionEvent> Stored(IEnumerable<SessionEvent> events) =>
        [.. events.Select(e => EventCodec.Decode(EventCodec.Encode(e, withSession: false).Span, e.Session))];

    private static Session Fold(Session? row, IEnumerable<SessionEvent> events) => events.Aggregate(row, (s, e) => s.Apply(e))!;

    private static IReadOnlyList<string> Messages(IEnumerable<SessionEvent> events)
    {
        var transcript = new Transcript();
        foreach (var e in events)
            transcript.Apply(e);
        return [.. transcript.Messages.Select(m => JsonSerializer.Serialize(m, SkeinJson.Relaxed.Message))];
    }

    private static string Meaning(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var text = new StringBuilder();
        while (reader.Read())
            text.Append(reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? reader.GetString() : Encoding.UTF8.GetString(reader.ValueSpan)).Append('|');
        return text.ToString();
    }

    private static byte[] Sealed(CatalogLine line)
    {
        var bytes = new ArrayBufferWriter<byte>();
        line.Write(bytes);
        return bytes.WrittenSpan[..^1].ToArray();
    }
}
