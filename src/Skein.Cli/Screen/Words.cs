using Skein.Core;

namespace Skein.Cli.Screen;

/// <summary>States in a person's words.</summary>
internal static class Words
{
    public static (string Text, Style Style) Of(Session session)
    {
        var status = session.Damage.Count > 0 ? "damaged" : session.Status.ToString().ToLowerInvariant();
        return (status, StyleOf(status));
    }

    /// <param name="status">In the API's words, or <c>damaged</c>.</param>
    public static Style StyleOf(string status) => status switch
    {
        "running" => Style.Good,
        "waiting" or "interrupted" => Style.Warning,
        "error" or "damaged" => Style.Bad,
        _ => Style.Dim,
    };

    /// <summary>A picture or another file that belongs to what was said or answered.</summary>
    public static string Of(FilePart file) =>
        $"[{TerminalText.CleanLine(file.Name ?? "file")}, {file.MediaType}{(file.Content is { } content ? $", {Spans.Bytes(content.Size)}" : "")}]";

    /// <summary>Tokens that went in and came out.</summary>
    public static string Of(Usage usage) =>
        $"{Spans.Count(usage.Input + usage.CacheRead + usage.CacheWrite)} in, {Spans.Count(usage.Output + usage.Reasoning)} out";
}
