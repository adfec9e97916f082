using System.Text;

namespace Skein.Cli.Repl;

/// <summary>What is written for good, to be shown above the rows that are redrawn. Whole lines only.</summary>
internal sealed class AboveWriter(LiveScreen screen) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => screen.Print(value.ToString());

    public override void Write(string? value) => screen.Print(value ?? "");
}
