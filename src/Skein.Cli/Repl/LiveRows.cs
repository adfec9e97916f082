using System.Globalization;
using Skein.Cli.Repl.Editing;
using Skein.Cli.Screen;
using Skein.Core.Events;

namespace Skein.Cli.Repl;

/// <summary>What the redrawn rows tell, at one moment.</summary>
/// <param name="Partial">The line that is still arriving.</param>
/// <param name="Activity">What a turn is doing, with how long; null: none runs.</param>
/// <param name="Queued">Prompts that wait, each with its mark.</param>
/// <param name="Question">The one that is asked; null: none.</param>
/// <param name="Prompt">What stands before the line.</param>
/// <param name="Hints">Under the line.</param>
internal sealed record LiveState(
    string Partial, string? Activity, IReadOnlyList<string> Queued, (string Text, Style Style)[]? Question, string Prompt, EditBuffer Buffer,
    string Status, IReadOnlyList<string> Hints);

/// <summary>From what is to be told to rows, none wider than the terminal, and fewer than it has.</summary>
internal static class LiveRows
{
    private const int QueuedShown = 3;
    private const int LongestModel = 30;
    private const int LongestPattern = 40;

    public static (IReadOnlyList<LiveRow> Rows, int CursorRow, int CursorColumn) Of(LiveState state, Terminal paint, int width, int height)
    {
        // A row that is as wide as the terminal wraps on some.
        var room = Math.Max(4, width - 1);
        var rows = new List<LiveRow>();
        var edit = state.Question is null ? EditLayout.Of(state.Buffer, room - TextWidth.Of(state.Prompt)) : null;
        var fixedRows = 2 + (state.Activity is null ? 0 : 1) + Math.Min(state.Queued.Count, QueuedShown + 1) + Math.Min(state.Hints.Count, 8);
        var shownEdit = edit is null ? 1 : Math.Clamp(height - fixedRows - 1, 1, edit.Rows.Count);
        var shownPartial = Math.Max(0, height - fixedRows - shownEdit - 1);

        foreach (var row in Wrap(state.Partial, width).TakeLast(shownPartial))
            rows.Add(new LiveRow(paint.Paint(row, Style.Plain), TextWidth.Of(row)));
        if (height > fixedRows + shownEdit + 1)
            rows.Add(new LiveRow("", 0));
        if (state.Activity is { } activity)
            Add(activity, Style.Dim);
        foreach (var queued in state.Queued.Take(QueuedShown))
            Add(TerminalText.CleanLine(queued), Style.Dim);
        if (state.Queued.Count > QueuedShown)
            Add($"… {state.Queued.Count - QueuedShown} more", Style.Dim);
        Add(new string('─', room), Style.Dim);

        var (cursorRow, cursorColumn) = (0, 0);
        if (state.Question is { } question)
        {
            (cursorRow, cursorColumn) = (rows.Count, 0);
            AddPieces(question);
        }
        else
        {
            AddEdit(edit!);
        }

        Add(state.Status, Style.Dim);
        var hints = Math.Max(0, height - rows.Count - 1);
        foreach (var hint in state.Hints.Take(Math.Min(8, hints)))
            Add(hint, Style.Dim);
        return (rows, cursorRow, cursorColumn);

        void Add(string text, Style style) => AddPieces([(text, style)]);

        void AddPieces((string Text, Style Style)[] pieces)
        {
            var (painted, columns) = ("", 0);
            foreach (var (text, style) in pieces)
            {
                var cut = TextWidth.Cut(text.ReplaceLineEndings(" ").Replace('\t', ' '), room - columns);
                painted += paint.Paint(cut, style);
                columns += TextWidth.Of(cut);
            }

            rows.Add(new LiveRow(painted, columns));
        }

        void AddEdit(EditLayout layout)
        {
            // Of a text higher than the terminal the part around the cursor is shown.
            var first = Math.Clamp(layout.CursorRow - shownEdit + 1, 0, layout.Rows.Count - shownEdit);
            var indent = TextWidth.Of(state.Prompt);
            (cursorRow, cursorColumn) = (rows.Count + layout.CursorRow - first, indent + layout.CursorColumn);
            for (var i = first; i < first + shownEdit; i++)
            {
                var before = i == first ? paint.Paint(state.Prompt, Style.Accent) : new string(' ', indent);
                rows.Add(new LiveRow(before + paint.Paint(layout.Rows[i], Style.Plain), indent + TextWidth.Of(layout.Rows[i])));
            }
        }
    }

    /// <summary>How a turn is told of while it runs.</summary>
    /// <param name="spent">What it has used; null: nothing yet.</param>
    public static string Activity(string activity, TimeSpan elapsed, string? spent)
    {
        const string Frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
        var frame = Frames[(int)(elapsed.TotalMilliseconds / 200) % Frames.Length];
        var seconds = elapsed.TotalSeconds < 60
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)elapsed.TotalSeconds} s")
            : string.Create(CultureInfo.InvariantCulture, $"{(int)elapsed.TotalMinutes} min {elapsed.Seconds} s");
        return $"{frame} {TextWidth.Cut(TerminalText.CleanLine(activity), 60)} · {seconds}{(spent is null ? "" : $" · {spent}")} · Esc interrupts";
    }

    /// <summary>How a question can be answered, in a row that has room for all of it.</summary>
    public static (string, Style)[] Question(PermissionAsked asked) =>
    [
        ("? ", Style.Warning), ("y", Style.Bold), (" once", Style.Plain),
        .. asked.Pattern is { } pattern ? new[] { (" · ", Style.Dim), ("a", Style.Bold), ($" always ({TextWidth.Cut(TerminalText.CleanLine(pattern), LongestPattern)})", Style.Plain) } : [],
        (" · ", Style.Dim), ("n", Style.Bold), (" no", Style.Plain),
    ];

    /// <summary>What always allows, where the row has no room for it.</summary>
    public static string? LongPattern(PermissionAsked asked) =>
        asked.Pattern is { } pattern && TerminalText.CleanLine(pattern) is var shown && TextWidth.Of(shown) > LongestPattern ? shown : null;

    public static string Status(string? model, string mode, string? session, string folder, params string?[] further) =>
        string.Join(" · ", new[] { TextWidth.Cut(model ?? "no model", LongestModel), mode, session ?? "new session", folder }.Concat(further).Where(p => p is not null));

    // Tabs would be as wide as the terminal likes.
    private static IEnumerable<string> Wrap(string text, int width) => text.Length == 0 ? []
        : WordWrap.Of([(text.Replace("\t", "    ", StringComparison.Ordinal), Style.Plain)], width, cuts: true).Select(l => string.Concat(l.Pieces.Select(p => p.Text)));
}
