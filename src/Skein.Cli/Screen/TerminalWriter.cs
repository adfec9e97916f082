using System.Text;

namespace Skein.Cli.Screen;

/// <summary>A terminal for those who want a <see cref="TextWriter"/>.</summary>
internal sealed class TerminalWriter(Terminal terminal) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => terminal.Write(value.ToString());

    public override void Write(string? value) => terminal.Write(value ?? "");

    public override void WriteLine(string? value) => terminal.WriteLine(value ?? "");

    public override void WriteLine() => terminal.WriteLine();
}
