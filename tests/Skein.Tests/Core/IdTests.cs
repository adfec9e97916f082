using FsCheck;
using FsCheck.Fluent;
using Skein.Core;

namespace Skein.Tests.Core;

public sealed class IdTests
{
    private const string Good = "ses_01kah3q6x9v3m8zr5t0w2y4b6c";
    private static readonly DateTimeOffset s_start = new(2026, 11, 21, 8, 46, 22, 123, TimeSpan.Zero);

    // Whatever the clock does (it stands still, it jumps, it is set back), the next id sorts after the one before.
    [Fact]
    public void Ids_rise_whatever_the_clock_does() =>
        Prop.ForAll(Gen.Choose(-5_000, 5_000).Or(Gen.Constant(0)).ArrayOf(40).ToArbitrary(), jumps =>
        {
            var clock = new SetClock(s_start);
            var source = new IdSource(clock);
            var ids = new List<string>();
            foreach (var jump in jumps)
            {
                clock.Now += TimeSpan.FromMilliseconds(jump);
                ids.Add(source.Next<SessionId>().Value);
            }

            return ids.Zip(ids.Skip(1)).All(pair => string.CompareOrdinal(pair.First, pair.Second) < 0);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Ids_that_many_threads_make_are_all_different()
    {
        var source = new IdSource(new SetClock(s_start));

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            () => Enumerable.Range(0, 1_000).Select(_ => source.Next<MessageId>()).ToList(), TestContext.Current.CancellationToken)));

        Assert.Equal(8_000, made.SelectMany(ids => ids).Distinct().Count());
        Assert.All(made, ids => Assert.Equal(ids.OrderBy(id => id.Value, StringComparer.Ordinal), ids));
    }

    [Fact]
    public void An_id_tells_when_it_was_made() =>
        Assert.Equal(s_start, new IdSource(new SetClock(s_start)).Next<SessionId>().Time);

    [Fact]
    public void An_id_is_read_back_as_it_was_written() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seconds =>
        {
            var id = new IdSource(new SetClock(DateTimeOffset.UnixEpoch.AddSeconds(seconds))).Next<SessionId>();
            return SessionId.Parse(id.ToString()) == id
                && SessionId.TryParse(id.Value, out var again) && again.Time == id.Time
                && id.Time == DateTimeOffset.UnixEpoch.AddSeconds(seconds);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("")]
    [InlineData("ses_")]
    [InlineData("../../etc/passwd")]
    [InlineData("01kah3q6x9v3m8zr5t0w2y4b6c")]
    [InlineData("msg_01kah3q6x9v3m8zr5t0w2y4b6c")]
    [InlineData("SES_01kah3q6x9v3m8zr5t0w2y4b6c")]
    [InlineData("ses_01KAH3Q6X9V3M8ZR5T0W2Y4B6C")]
    [InlineData("ses_01kah3q6x9v3m8zr5t0w2y4b6")]
    [InlineData("ses_01kah3q6x9v3m8zr5t0w2y4b6cc")]
    [InlineData("ses_01kah3q6x9v3m8zr5t0w2y4b6i")]
    [InlineData("ses_01kah3q6x9v3m8zr5t0w2y4b6/")]
    [InlineData("ses_01kah3q6x9v3m8zr5t0w2y4b6\n")]
    [InlineData("ses_01kah3q6x9v3m8zr5t0w2y4b6c\n")]
    [InlineData(" ses_01kah3q6x9v3m8zr5t0w2y4b6c")]
    [InlineData("ses_81kah3q6x9v3m8zr5t0w2y4b6c")]
    [InlineData("ses_7zzzzzzzzzzzzzzzzzzzzzzzzz")]
    [InlineData("ses_०1kah3q6x9v3m8zr5t0w2y4b6c")]
    public void What_is_not_exactly_an_id_is_refused(string text)
    {
        Assert.False(SessionId.TryParse(text, out _));
        var error = Assert.Throws<MalformedIdException>(() => SessionId.Parse(text));
        Assert.Equal(text, error.Text);
        Assert.Equal("malformed_id", error.Code);
    }

    [Fact]
    public void One_character_that_is_wrong_makes_it_no_id() =>
        Prop.ForAll(Gen.Choose(0, Good.Length - 1).Zip(Gen.Choose(0, 0x2FFF)).ToArbitrary(), change =>
        {
            var (place, code) = change;
            var text = string.Concat(Good.AsSpan(0, place), ((char)code).ToString(), Good.AsSpan(place + 1));
            var allowed = place < SessionId.Prefix.Length
                ? code == Good[place]
                : "0123456789abcdefghjkmnpqrstvwxyz".Contains((char)code, StringComparison.Ordinal) && (place > 4 || code <= '7');

            // Times that DateTimeOffset cannot hold are refused as well: only the first two characters reach so far.
            return SessionId.TryParse(text, out _) == allowed || (allowed && place is 4 or 5);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_malformed_id_never_gets_past_the_edge()
    {
        var error = Assert.Throws<System.Text.Json.JsonException>(() => System.Text.Json.JsonSerializer.Deserialize(
            """{"session":"../../etc/passwd","seq":1}""", SkeinJson.Relaxed.ForkOrigin));

        Assert.Contains("'../../etc/passwd' is not an id", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_text_is_not_repeated_whole_in_the_error() =>
        Assert.InRange(Assert.Throws<MalformedIdException>(() => TurnId.Parse(new string('x', 10_000))).Message.Length, 1, 300);

    private sealed class SetClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
