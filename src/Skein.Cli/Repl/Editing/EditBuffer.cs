using System.Globalization;
using System.Text;
using Skein.Cli.Screen;

namespace Skein.Cli.Repl.Editing;

/// <summary>
/// The text that is being edited, and where in it the cursor stands: always between two whole characters as people see them. A long paste
/// is one character of it, so that it is moved over and deleted as one, and is itself again in <see cref="Expanded"/>. For one thread.
/// </summary>
internal sealed class EditBuffer
{
    // A paste stands in the text as a character of the last private plane, which cannot be typed.
    private const int FirstPaste = 0x100000;
    private const int MostPastes = 0xFFFE;
    private const int FoldLines = 6;
    private const int FoldLength = 800;

    private readonly List<string> _pastes = [];
    private string _killed = "";

    public string Text { get; private set; } = "";

    /// <summary>A position in <see cref="Text"/>, in UTF-16 units.</summary>
    public int Cursor { get; private set; }

    public bool IsEmpty => Text.Length == 0;

    /// <summary>The text with what was pasted in place.</summary>
    public string Expanded => Expand(Text);

    /// <summary>What a character of the text is shown as; null: as itself.</summary>
    public string? LabelOf(Rune rune) => PasteOf(rune) is { } paste
        ? paste.Contains('\n', StringComparison.Ordinal) ? $"[pasted {paste.TrimEnd('\n').Count(c => c == '\n') + 1} lines]" : $"[pasted {paste.Length} characters]"
        : null;

    public void Set(string text)
    {
        Text = Clean(text);
        Cursor = Text.Length;
    }

    /// <summary>Sets what <see cref="Text"/> was before, with its folded pastes.</summary>
    public void Restore(string text) => (Text, Cursor) = (text, text.Length);

    /// <summary>Begins anew; what was pasted before is forgotten.</summary>
    public void Clear()
    {
        _killed = Expand(_killed);
        _pastes.Clear();
        (Text, Cursor) = ("", 0);
    }

    public void Insert(string text) => InsertRaw(Clean(text));

    /// <summary>Inserts a paste; a long one is folded.</summary>
    public void Paste(string pasted)
    {
        var text = Clean(pasted);
        var isLong = text.Length > FoldLength || text.TrimEnd('\n').Count(c => c == '\n') >= FoldLines;
        if (!isLong || _pastes.Count == MostPastes)
        {
            InsertRaw(text);
            return;
        }

        _pastes.Add(text);
        InsertRaw(new Rune(FirstPaste + _pastes.Count - 1).ToString());
    }

    public void Left() => Cursor = Before(Cursor);

    public void Right() => Cursor = After(Cursor);

    public void WordLeft() => Cursor = WordStart();

    public void WordRight() => Cursor = WordEnd();

    /// <summary>The beginning of the line.</summary>
    public void Home() => Cursor = LineStart(Cursor);

    public void End() => Cursor = LineEnd(Cursor);

    public void MoveTo(int position) => Cursor = Boundary(position);

    public void Backspace() => Remove(Before(Cursor), Cursor);

    public void Delete() => Remove(Cursor, After(Cursor));

    public void KillToEnd() => Kill(Cursor, LineEnd(Cursor) is var end && end == Cursor ? After(Cursor) : end);

    public void KillToStart() => Kill(LineStart(Cursor) is var start && start == Cursor ? Before(Cursor) : start, Cursor);

    public void KillWord() => Kill(WordStart(), Cursor);

    public void KillWordForward() => Kill(Cursor, WordEnd());

    public void Yank() => InsertRaw(_killed);

    /// <summary>Replaces what stands from a position to the cursor.</summary>
    public void ReplaceBefore(int from, string text)
    {
        Remove(from, Cursor);
        Insert(text);
    }

    public override string ToString() => $"{Text[..Cursor]}|{Text[Cursor..]}";

    private static string Clean(string text)
    {
        var clean = TerminalText.Clean(text);
        if (!clean.Any(char.IsSurrogate))
            return clean;

        var kept = new StringBuilder(clean.Length);
        foreach (var rune in clean.EnumerateRunes())
        {
            if (rune.Value < FirstPaste)
                kept.Append(rune.ToString());
        }

        return kept.ToString();
    }

    private string Expand(string text)
    {
        if (_pastes.Count == 0)
            return text;

        var all = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
            all.Append(PasteOf(rune) ?? rune.ToString());
        return all.ToString();
    }

    private string? PasteOf(Rune rune) =>
        rune.Value >= FirstPaste && rune.Value - FirstPaste < _pastes.Count ? _pastes[rune.Value - FirstPaste] : null;

    private void InsertRaw(string text)
    {
        Text = Text.Insert(Cursor, text);
        // What is inserted may join its neighbours to one character.
        Cursor = Boundary(Cursor + text.Length);
    }

    private void Kill(int from, int to)
    {
        if (to > from)
            _killed = Text[from..to];
        Remove(from, to);
    }

    private void Remove(int from, int to)
    {
        Text = Text.Remove(from, to - from);
        Cursor = Boundary(from);
    }

    private int After(int position) =>
        position >= Text.Length ? Text.Length : position + StringInfo.GetNextTextElementLength(Text.AsSpan(position));

    // Characters are found from the left only; a line is where they surely begin.
    private int Before(int position)
    {
        if (position == 0)
            return 0;
        if (Text[position - 1] == '\n')
            return position - 1;

        var at = LineStart(position);
        while (After(at) is var next && next < position)
            at = next;
        return at;
    }

    private int Boundary(int position)
    {
        if (position <= 0 || position >= Text.Length)
            return Math.Clamp(position, 0, Text.Length);
        var at = LineStart(position);
        while (at < position)
            at = After(at);
        return at;
    }

    private int LineStart(int position) => position == 0 ? 0 : Text.LastIndexOf('\n', position - 1) + 1;

    private int LineEnd(int position) => Text.IndexOf('\n', position) is var end && end >= 0 ? end : Text.Length;

    private int WordStart()
    {
        var at = Cursor;
        while (at > 0 && !IsWord(Before(at)))
            at = Before(at);
        while (at > 0 && IsWord(Before(at)))
            at = Before(at);
        return at;
    }

    private int WordEnd()
    {
        var at = Cursor;
        while (at < Text.Length && !IsWord(at))
            at = After(at);
        while (at < Text.Length && IsWord(at))
            at = After(at);
        return at;
    }

    private bool IsWord(int position) => Rune.GetRuneAt(Text, position) is var rune && (Rune.IsLetterOrDigit(rune) || rune.Value is '_' or >= FirstPaste);
}
