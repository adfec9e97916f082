using System.Text;
using Skein.Cli.Commands;
using Skein.Core;
using Skein.Core.Search;

namespace Skein.Cli.Screen;

/// <summary>Shows what a search found, as it comes: where it stands, and the match with what is around it.</summary>
internal sealed class SearchHits(Terminal terminal, TimeProvider time)
{
    private bool _shown;

    public void Show(SearchHit hit)
    {
        if (_shown)
            terminal.WriteLine();
        _shown = true;
        terminal.WriteLine(
            (SessionName.Shorten(hit.Session), Style.Accent),
            ("  ", Style.Plain),
            (hit.Title.Length > 0 ? TerminalText.CleanLine(hit.Title) : "(no title)", Style.Plain),
            ($" · {Spans.Ago(hit.At, time.GetUtcNow())} · {Speaker(hit)}{(hit.Hidden ? " · hidden" : "")}", Style.Dim));

        // One cleaner for all three: a control sequence may begin in one and end in the next.
        var (snippet, clean) = (hit.Snippet, new TerminalText());
        var before = OneLine(clean.Next(snippet.Text[..snippet.Start]));
        var match = OneLine(clean.Next(snippet.Text.Substring(snippet.Start, snippet.Length)));
        var after = OneLine(clean.Next(snippet.Text[(snippet.Start + snippet.Length)..]));
        terminal.WriteLine(("  ", Style.Plain), (before.TrimStart(), Style.Plain), (match, Style.Bold), (after.TrimEnd(), Style.Plain));
    }

    private static string Speaker(SearchHit hit) => hit.Kind switch
    {
        PartKind.ToolResult => "tool",
        PartKind.ToolCall => $"{Speaker(hit.Role)}, tool call",
        PartKind.Reasoning => $"{Speaker(hit.Role)}, reasoning",
        PartKind.File => $"{Speaker(hit.Role)}, file",
        _ => Speaker(hit.Role),
    };

    private static string Speaker(Role role) => role == Role.User ? "you" : role.ToString().ToLowerInvariant();

    // Indents and line ends tell nothing in a line of its own.
    private static string OneLine(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (!char.IsWhiteSpace(c))
                line.Append(c);
            else if (line.Length == 0 || line[^1] != ' ')
                line.Append(' ');
        }

        return line.ToString();
    }
}
