namespace Skein.Agent.Permissions.Shell;

/// <summary>A simple command while it is read.</summary>
internal sealed class CommandDraft
{
    public List<ShellWord> Assignments { get; } = [];
    public List<ShellWord> Words { get; } = [];
    public List<string> Redirections { get; } = [];
    public HereText? Input { get; set; }
    public ShellWord? InputFile { get; set; }

    public bool IsEmpty => Words.Count == 0;

    public void Add(ShellWord word) => Words.Add(word);

    public SimpleCommand ToCommand() => new(
        [.. Assignments], [.. Words], string.Join(' ', Assignments.Concat(Words).Select(static w => w.Raw).Concat(Redirections)), Input, InputFile);

    public void Clear()
    {
        Assignments.Clear();
        Words.Clear();
        Redirections.Clear();
        (Input, InputFile) = (null, null);
    }
}
