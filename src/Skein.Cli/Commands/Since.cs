using System.Globalization;

namespace Skein.Cli.Commands;

/// <summary>A moment as people give it: a date or a time of this place, or how long ago.</summary>
internal static class Since
{
    public const string Rule = "it must be a date (2026-11-21), a time (2026-11-21T08:46) or a span until now (30m, 12h, 7d, 4w)";
    private const int LongestNumber = 5;
    private static readonly string[] s_local = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd HH:mm", "yyyy-MM-dd'T'HH:mm:ss"];
    private static readonly string[] s_anywhere = ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    public static bool TryParse(string text, TimeProvider time, out DateTimeOffset instant)
    {
        instant = default;
        if (SpanOf(text) is { } span)
        {
            instant = time.GetUtcNow() - span;
            return true;
        }

        if (DateTime.TryParseExact(text, s_local, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
        {
            instant = new DateTimeOffset(local, time.LocalTimeZone.GetUtcOffset(local)).ToUniversalTime();
            return true;
        }

        var zoned = text.EndsWith('Z') ? text[..^1] + "+00:00" : text;
        return DateTimeOffset.TryParseExact(zoned, s_anywhere, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out instant);
    }

    private static TimeSpan? SpanOf(string text)
    {
        if (text.Length is < 2 or > LongestNumber + 1 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return null;

        return text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(count),
            'h' => TimeSpan.FromHours(count),
            'd' => TimeSpan.FromDays(count),
            'w' => TimeSpan.FromDays(7 * count),
            _ => null,
        };
    }
}
