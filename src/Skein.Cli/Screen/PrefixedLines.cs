using System.Text;

namespace Skein.Cli.Screen;

/// <summary>Whole lines, each behind the name of whoever says it, so that several can speak on one screen. For one thread.</summary>
internal sealed class PrefixedLines(Terminal terminal, string name) : TextWriter
{
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        if (value != '\n')
        {
            _line.Append(value);
            return;
        }

        terminal.WriteLine((name, Style.Accent), ($" │ {_line}", Style.Plain));
        _line.Clear();
    }

    public override void Write(string? value)
    {
        foreach (var c in value ?? "")
            Write(c);
    }
}
