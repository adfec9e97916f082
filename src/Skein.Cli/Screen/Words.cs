using Skein.Core;

namespace Skein.Cli.Screen;

/// <summary>States in a person's words.</summary>
internal static class Words
{
    public static (string Text, Style Style) Of(Session session) => session.Status switch
    {
        _ when session.Damage.Count > 0 => ("damaged", Style.Bad),
        SessionStatus.Running => ("running", Style.Good),
        SessionStatus.Waiting => ("waiting", Style.Warning),
        SessionStatus.Interrupted => ("interrupted", Style.Warning),
        SessionStatus.Error => ("error", Style.Bad),
        _ => ("idle", Style.Dim),
    };

    /// <summary>Tokens that went in and came out.</summary>
    public static string Of(Usage usage) =>
        $"{Spans.Count(usage.Input + usage.CacheRead + usage.CacheWrite)} in, {Spans.Count(usage.Output + usage.Reasoning)} out";
}
