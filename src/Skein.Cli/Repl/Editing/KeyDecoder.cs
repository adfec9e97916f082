using System.Text;

namespace Skein.Cli.Repl.Editing;

/// <summary>
/// From the bytes a terminal sends to keys. Sequences and characters may come in any pieces; what may still become a longer sequence is
/// kept until more comes, or until <see cref="Flush"/> says that nothing will. For one thread.
/// </summary>
internal sealed class KeyDecoder
{
    private const byte EscapeByte = 0x1b;
    private const int LongestSequence = 64;
    private static readonly byte[] s_pasteEnd = "\e[201~"u8.ToArray();

    private readonly List<byte> _pending = [];
    private readonly List<byte> _pasted = [];
    private readonly StringBuilder _text = new();
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private readonly char[] _decoded = new char[8];
    private bool _pasting;

    private enum Match
    {
        /// <summary>More bytes may make it a sequence.</summary>
        Unfinished,
        Whole,
    }

    /// <summary>Whether an escape was read that may be a key of its own, or the beginning of one.</summary>
    public bool IsPending => !_pasting && _pending.Count > 0;

    public IReadOnlyList<Key> Next(ReadOnlySpan<byte> bytes)
    {
        var keys = new List<Key>();
        foreach (var b in bytes)
            Take(b, keys);
        EndText(keys);
        return keys;
    }

    /// <summary>Nothing more has come for a while: what was held back is what it is.</summary>
    public IReadOnlyList<Key> Flush()
    {
        var keys = new List<Key>();
        if (!IsPending)
            return keys;

        // Alone it is the key; a broken sequence is none, and its rest must not be typed into the line.
        if (_pending.Count == 1)
            keys.Add(new Key(KeyKind.Escape));
        _pending.Clear();
        return keys;
    }

    private void Take(byte b, List<Key> keys)
    {
        if (_pasting)
        {
            TakePasted(b, keys);
        }
        else if (_pending.Count > 0)
        {
            // Two escapes: the first was the key itself.
            if (b == EscapeByte && _pending.Count == 1)
            {
                keys.Add(new Key(KeyKind.Escape));
                return;
            }

            _pending.Add(b);
            if (Read(keys) == Match.Whole || _pending.Count > LongestSequence)
                _pending.Clear();
        }
        else if (b == EscapeByte)
        {
            EndText(keys);
            _pending.Add(b);
        }
        else if (b is < 0x20 or 0x7f)
        {
            EndText(keys);
            if (Control(b) is { } kind)
                keys.Add(new Key(kind));
        }
        else
        {
            var count = _utf8.GetChars([b], _decoded, flush: false);
            _text.Append(_decoded, 0, count);
        }
    }

    private void TakePasted(byte b, List<Key> keys)
    {
        _pasted.Add(b);
        if (_pasted.Count < s_pasteEnd.Length || b != s_pasteEnd[^1])
            return;

        var all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pasted);
        if (!all.EndsWith(s_pasteEnd))
            return;
        keys.Add(new Key(KeyKind.Paste, Encoding.UTF8.GetString(all[..^s_pasteEnd.Length])));
        _pasted.Clear();
        _pasting = false;
    }

    private void EndText(List<Key> keys)
    {
        if (_text.Length == 0)
            return;
        keys.Add(new Key(KeyKind.Text, _text.ToString()));
        _text.Clear();
    }

    private Match Read(List<Key> keys)
    {
        var second = _pending[1];
        if (second == (byte)'O')
            return _pending.Count < 3 ? Match.Unfinished : Add(Letter(_pending[2], modifier: 1), keys);
        if (second != (byte)'[')
            return Add(Alt(second), keys);
        if (_pending.Count < 3)
            return Match.Unfinished;

        var last = _pending[^1];
        if (last is < 0x40 or > 0x7e)
            return Match.Unfinished;

        var body = Encoding.ASCII.GetString([.. _pending.Skip(2).SkipLast(1)]);
        if (last == (byte)'~' && body == "200")
        {
            _pasting = true;
            return Match.Whole;
        }

        var numbers = body.Split(';');
        var modifier = numbers.Length > 1 && int.TryParse(numbers[1], out var m) ? m : 1;
        return Add(
            last switch
            {
                (byte)'~' => Tilde(numbers[0], modifier),
                (byte)'u' => Unicode(numbers[0], modifier),
                (byte)'Z' => KeyKind.BackTab,
                _ => Letter(last, modifier),
            },
            keys);
    }

    private static Match Add(KeyKind? kind, List<Key> keys)
    {
        if (kind is { } known)
            keys.Add(new Key(known));
        return Match.Whole;
    }

    // Modifiers are 1 and the sum of shift 1, alt 2, control 4.
    private static KeyKind? Letter(byte letter, int modifier) => (char)letter switch
    {
        'A' => KeyKind.Up,
        'B' => KeyKind.Down,
        'C' => modifier > 2 ? KeyKind.WordRight : KeyKind.Right,
        'D' => modifier > 2 ? KeyKind.WordLeft : KeyKind.Left,
        'F' => KeyKind.End,
        'H' => KeyKind.Home,
        'M' => KeyKind.Enter,
        _ => null,
    };

    private static KeyKind? Tilde(string number, int modifier) => number switch
    {
        "1" or "7" => KeyKind.Home,
        "4" or "8" => KeyKind.End,
        "3" => modifier > 2 ? KeyKind.KillWordForward : KeyKind.Delete,
        _ => null,
    };

    // Terminals that tell Shift+Enter and the like from Enter send them so.
    private static KeyKind? Unicode(string number, int modifier) => number switch
    {
        "13" => modifier > 1 ? KeyKind.NewLine : KeyKind.Enter,
        "9" => modifier > 1 ? KeyKind.BackTab : KeyKind.Tab,
        "27" => KeyKind.Escape,
        "127" => modifier > 2 ? KeyKind.KillWord : KeyKind.Backspace,
        _ => null,
    };

    private static KeyKind? Alt(byte b) => b switch
    {
        (byte)'\r' or (byte)'\n' => KeyKind.NewLine,
        (byte)'b' => KeyKind.WordLeft,
        (byte)'f' => KeyKind.WordRight,
        (byte)'d' => KeyKind.KillWordForward,
        0x7f or 0x08 => KeyKind.KillWord,
        _ => null,
    };

    private static KeyKind? Control(byte b) => b switch
    {
        0x01 => KeyKind.Home,
        0x02 => KeyKind.Left,
        0x03 => KeyKind.Interrupt,
        0x04 => KeyKind.EndOfInput,
        0x05 => KeyKind.End,
        0x06 => KeyKind.Right,
        0x08 or 0x7f => KeyKind.Backspace,
        0x09 => KeyKind.Tab,
        0x0a => KeyKind.NewLine,
        0x0b => KeyKind.KillToEnd,
        0x0c => KeyKind.Redraw,
        0x0d => KeyKind.Enter,
        0x0e => KeyKind.Down,
        0x10 => KeyKind.Up,
        0x12 => KeyKind.Search,
        0x15 => KeyKind.KillToStart,
        0x17 => KeyKind.KillWord,
        0x19 => KeyKind.Yank,
        0x1a => KeyKind.Suspend,
        _ => null,
    };
}
