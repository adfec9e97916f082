namespace Skein.Cli.Repl.Editing;

/// <summary>
/// A line editor without a terminal: keys in, a buffer and what has to be done out. It knows the history and the search in it. For one
/// thread.
/// </summary>
internal sealed class LineEditor(History history)
{
    private int _place = history.Entries.Count;
    private string _draft = "";
    private int _found;

    public EditBuffer Buffer { get; } = new();

    /// <summary>What is searched for in the history; null: nothing is.</summary>
    public string? Query { get; private set; }

    /// <summary>Whether the search found nothing.</summary>
    public bool NotFound { get; private set; }

    /// <summary>Carries out a key.</summary>
    /// <param name="width">Columns of a row, for moving up and down.</param>
    /// <returns>False: the key means nothing to an editor, or had nothing to act on.</returns>
    public bool Take(Key key, int width)
    {
        if (Query is not null)
            return TakeSearching(key, width);

        switch (key.Kind)
        {
            case KeyKind.Text:
                Buffer.Insert(key.Text);
                return true;
            case KeyKind.Paste:
                Buffer.Paste(key.Text);
                return true;
            case KeyKind.NewLine:
                Buffer.Insert("\n");
                return true;
            case KeyKind.Up:
                return Move(width, -1) || Recall(-1);
            case KeyKind.Down:
                return Move(width, 1) || Recall(1);
            case KeyKind.Search:
                _draft = Buffer.Text;
                _found = history.Entries.Count;
                (Query, NotFound) = ("", false);
                return true;
            default:
                return TakeEditing(key.Kind);
        }
    }

    /// <summary>Enter: what is to be sent, or null where the line goes on.</summary>
    public string? TakeEnter()
    {
        if (Buffer.Text.EndsWith('\\') && Buffer.Cursor == Buffer.Text.Length)
        {
            Buffer.Backspace();
            Buffer.Insert("\n");
            return null;
        }

        var text = Buffer.Expanded;
        Reset();
        return text;
    }

    /// <summary>Remembers what was sent.</summary>
    public void Remember(string text)
    {
        try
        {
            history.Add(text);
        }
        finally
        {
            _place = history.Entries.Count;
        }
    }

    public void Reset()
    {
        Buffer.Clear();
        (_draft, _place, Query) = ("", history.Entries.Count, null);
    }

    public void Set(string text)
    {
        Buffer.Clear();
        Buffer.Set(text);
        _place = history.Entries.Count;
    }

    private bool TakeEditing(KeyKind kind)
    {
        Action? act = kind switch
        {
            KeyKind.Backspace => Buffer.Backspace,
            KeyKind.Delete => Buffer.Delete,
            KeyKind.Left => Buffer.Left,
            KeyKind.Right => Buffer.Right,
            KeyKind.WordLeft => Buffer.WordLeft,
            KeyKind.WordRight => Buffer.WordRight,
            KeyKind.Home => Buffer.Home,
            KeyKind.End => Buffer.End,
            KeyKind.KillToEnd => Buffer.KillToEnd,
            KeyKind.KillToStart => Buffer.KillToStart,
            KeyKind.KillWord => Buffer.KillWord,
            KeyKind.KillWordForward => Buffer.KillWordForward,
            KeyKind.Yank => Buffer.Yank,
            _ => null,
        };
        act?.Invoke();
        return act is not null;
    }

    private bool TakeSearching(Key key, int width)
    {
        switch (key.Kind)
        {
            case KeyKind.Text or KeyKind.Paste:
                Query += key.Text.ReplaceLineEndings(" ");
                Find(history.Entries.Count);
                return true;
            case KeyKind.Backspace:
                Query = Query!.Length > 0 ? Query[..^1] : "";
                Find(history.Entries.Count);
                return true;
            case KeyKind.Search:
                Find(_found);
                return true;
            case KeyKind.Interrupt or KeyKind.Escape:
                Query = null;
                Buffer.Restore(_draft);
                return true;
            case KeyKind.Enter or KeyKind.Tab:
                Query = null;
                return true;
            default:
                Query = null;
                return Take(key, width);
        }
    }

    private void Find(int before)
    {
        var found = Query!.Length == 0 ? null : history.FindBack(Query, before);
        NotFound = found is null && Query.Length > 0;
        if (found is not { } place)
            return;
        _found = _place = place;
        Buffer.Set(history.Entries[place]);
    }

    private bool Move(int width, int step)
    {
        if (EditLayout.Of(Buffer, width).Above(Buffer, width, step) is not { } position)
            return false;
        Buffer.MoveTo(position);
        return true;
    }

    private bool Recall(int step)
    {
        var next = _place + step;
        if (next < 0 || next > history.Entries.Count)
            return false;

        if (_place == history.Entries.Count)
            _draft = Buffer.Text;
        _place = next;
        if (next == history.Entries.Count)
            Buffer.Restore(_draft);
        else
            Buffer.Set(history.Entries[next]);
        return true;
    }
}
