using System.Globalization;
using Skein.Cli.Commands;

namespace Skein.Tests.Cli;

public sealed class SinceTests
{
    [Theory]
    [InlineData("30m", "2026-11-21T07:30:00Z")]
    [InlineData("12h", "2026-11-20T20:00:00Z")]
    [InlineData("7d", "2026-11-14T08:00:00Z")]
    [InlineData("4w", "2026-10-24T08:00:00Z")]
    [InlineData("0d", "2026-11-21T08:00:00Z")]
    [InlineData("2026-11-21T08:46:22Z", "2026-11-21T08:46:22Z")]
    [InlineData("2026-11-21T08:46:22.5+01:00", "2026-11-21T07:46:22.5Z")]
    public void A_moment_is_a_span_until_now_or_a_time(string text, string instant)
    {
        Assert.True(Since.TryParse(text, new Place(TimeZoneInfo.Utc), out var read));
        Assert.Equal(DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture), read);
    }

    [Theory]
    [InlineData("2026-11-21", "2026-11-20T23:00:00Z")]
    [InlineData("2026-11-21T08:46", "2026-11-21T07:46:00Z")]
    [InlineData("2026-11-21 08:46", "2026-11-21T07:46:00Z")]
    public void A_time_without_a_zone_is_of_this_place(string text, string instant)
    {
        var east = TimeZoneInfo.CreateCustomTimeZone("east", TimeSpan.FromHours(1), null, null);

        Assert.True(Since.TryParse(text, new Place(east), out var read));
        Assert.Equal(DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture), read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("d")]
    [InlineData("7")]
    [InlineData("7y")]
    [InlineData("-7d")]
    [InlineData("100000d")]
    [InlineData("yesterday")]
    [InlineData("2026-02-30")]
    [InlineData("21.11.2026")]
    public void Anything_else_is_none(string text) => Assert.False(Since.TryParse(text, new Place(TimeZoneInfo.Utc), out _));

    private sealed class Place(TimeZoneInfo zone) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => zone;

        public override DateTimeOffset GetUtcNow() => new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);
    }
}
