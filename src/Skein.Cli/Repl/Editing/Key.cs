namespace Skein.Cli.Repl.Editing;

internal enum KeyKind
{
    /// <summary>Characters that were typed.</summary>
    Text,

    /// <summary>Characters that were pasted: never commands, whatever they are.</summary>
    Paste,
    Enter,
    NewLine,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    WordLeft,
    WordRight,
    Home,
    End,
    KillToEnd,
    KillToStart,
    KillWord,
    KillWordForward,
    Yank,
    Search,
    Interrupt,
    EndOfInput,
    Suspend,
    Redraw,
    Escape,
}

/// <summary>What a person did at the keyboard.</summary>
/// <param name="Text">The characters of <see cref="KeyKind.Text"/> and <see cref="KeyKind.Paste"/>.</param>
internal readonly record struct Key(KeyKind Kind, string Text = "");
