using Skein.Cli.Screen;

namespace Skein.Cli.Demo;

/// <summary>How the demo speaks: chapters, what it does, and claims that are true or end it.</summary>
internal sealed class Stage(Terminal terminal)
{
    private int _chapter;

    public Terminal Terminal => terminal;

    public int Claims { get; private set; }

    public void Chapter(string title)
    {
        terminal.WriteLine();
        terminal.WriteLine(($"{++_chapter}  ", Style.Accent), (title, Style.Bold));
        terminal.WriteLine();
    }

    public void Say(string text) => terminal.WriteLine(text, Style.Dim);

    public void Command(string command) => terminal.WriteLine(("$ ", Style.Dim), (command, Style.Accent));

    public void Quote(string text)
    {
        foreach (var line in text.TrimEnd('\n').Split('\n'))
            terminal.WriteLine("  │ " + line, Style.Dim);
    }

    /// <summary>Says what was checked, if it is so.</summary>
    /// <exception cref="DemoException">It is not.</exception>
    public void Claim(bool isTrue, string claim)
    {
        if (!isTrue)
            throw new DemoException($"This was to be shown and is not true: {claim}");
        Claims++;
        terminal.WriteLine(("✓ ", Style.Good), (claim, Style.Plain));
    }
}
