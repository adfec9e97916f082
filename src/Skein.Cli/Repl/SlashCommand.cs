using Skein.Cli.Commands;

namespace Skein.Cli.Repl;

/// <summary>A command of the REPL.</summary>
/// <param name="Name">With its slash.</param>
/// <param name="Arguments">As help shows them; empty: it has none.</param>
internal sealed record SlashCommand(string Name, string Arguments, string Description)
{
    public static IReadOnlyList<SlashCommand> All { get; } =
    [
        new("/help", "", "these commands, and the keys"),
        new("/model", "PROVIDER/NAME", "the model from now on; alone: which it is"),
        new("/mode", "ask|edits|auto|plan", "what the agent may do unasked (Shift+Tab)"),
        new("/agent", "NAME", "who works from now on"),
        new("/sessions", "", "the sessions of this folder"),
        new("/resume", "N|ID", "go on with another session"),
        new("/new", "", "begin a new session"),
        new("/rename", "TITLE", "give this session a title"),
        new("/fork", "", "go on in a copy; this session stays as it is"),
        new("/diff", "[TURN]", "what became of the files; of one turn: its number, or last"),
        new("/rewind", "[N]", "hide the messages after number N, or the last turn; the files stay"),
        new("/undo", "[--force]", "take the last turn back, files too; its prompt can be edited"),
        new("/redo", "[--force]", "bring back what was taken back"),
        new("/compact", "[WHAT TO KEEP]", "summarise what was said: the context has room again"),
        new("/queue", "[N [TEXT]]", "the prompts that wait; take one back, or change it"),
        new("/now", "PROMPT", "interrupt the turn, and go on with this"),
        new("/cost", "", "tokens and dollars so far"),
        new("/permissions", "", "the rules for what the agent may do here"),
        new("/export", "FILE", "write the session to a file, as Markdown"),
        new("/copy", "", "copy the last answer to the clipboard"),
        new("/editor", "", "write the prompt in $EDITOR"),
        new("/exit", "", "leave; the session stays"),
    ];

    /// <summary>Whether a line is a command, and not a prompt that begins with a path.</summary>
    public static bool IsOne(string line) =>
        line.StartsWith('/') && !line.Contains('\n', StringComparison.Ordinal) && line.Split(' ')[0] is var word && word.Length > 1 && !word[1..].Contains('/', StringComparison.Ordinal);

    public static (SlashCommand? Command, string Argument) Parse(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var name = space < 0 ? line : line[..space];
        if (name is "/quit" or "/q")
            name = "/exit";
        return (All.FirstOrDefault(c => c.Name == name), space < 0 ? "" : line[(space + 1)..].Trim());
    }

    /// <summary>What is said of a command that there is not.</summary>
    /// <param name="named">Those beside the REPL's own.</param>
    public static string Unknown(string line, IReadOnlyList<SlashCommand> named)
    {
        var name = line.Split(' ')[0];
        var best = All.Concat(named).MinBy(c => UsageErrors.Distance(name, c.Name))!;
        return UsageErrors.Distance(name, best.Name) <= Math.Max(2, name.Length / 3)
            ? $"There is no command {name}; did you mean {best.Name}?"
            : $"There is no command {name}: see /help.";
    }
}
