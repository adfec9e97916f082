using System.Globalization;

namespace Skein.Cli.Screen;

/// <summary>Times and sizes as people say them.</summary>
internal static class Spans
{
    /// <summary>How long ago: <c>now</c>, <c>5 min</c>, <c>3 h</c>, <c>2 d</c>, then the date.</summary>
    public static string Ago(DateTimeOffset then, DateTimeOffset now) => (now - then) switch
    {
        { TotalSeconds: < 60 } => "now",
        { TotalMinutes: < 60 } span => $"{(int)span.TotalMinutes} min",
        { TotalHours: < 24 } span => $"{(int)span.TotalHours} h",
        { TotalDays: < 14 } span => $"{(int)span.TotalDays} d",
        _ => then.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
    };

    /// <summary>How long it took: <c>340 ms</c>, <c>2.4 s</c>, <c>3 min 5 s</c>.</summary>
    public static string Took(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalMilliseconds} ms"),
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalMinutes} min {span.Seconds} s"),
    };

    /// <summary>A count: <c>950</c>, <c>12.3k</c>, <c>1.2M</c>.</summary>
    public static string Count(long count) => count switch
    {
        < 1_000 => count.ToString(CultureInfo.InvariantCulture),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1_000.0:0.0}k"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{count / 1_000_000.0:0.0}M"),
    };

    /// <summary>A count of tokens: <c>1 token</c>, <c>12.3k tokens</c>.</summary>
    public static string Tokens(long count) => count == 1 ? "1 token" : $"{Count(count)} tokens";

    /// <summary>A price: <c>$0.0042</c>, <c>$3.10</c>.</summary>
    public static string Dollars(decimal cost) =>
        cost.ToString(cost < 0.01m ? "$0.0000" : "$0.00", CultureInfo.InvariantCulture);

    /// <summary>A size: <c>950 B</c>, <c>12.3 KiB</c>, <c>1.2 MiB</c>.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        < 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024 * 1024):0.00} GiB"),
    };

    public static string Plural(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
