using Skein.Cli.Composition;
using Skein.Sandbox;

namespace Skein.Cli.Screen;

/// <summary>Shows a text that is longer than the screen page by page, in the program that the user likes for that.</summary>
internal static class Pager
{
    private const string Usual = "less -R";

    /// <param name="write">Writes the text to the terminal that it is given.</param>
    /// <param name="wanted">False: the text is written as it is, however long.</param>
    public static async Task ShowAsync(Surroundings surroundings, bool wanted, Action<Terminal> write)
    {
        var screen = surroundings.Out;
        if (!wanted || !screen.IsTerminal || !surroundings.InputIsTerminal || OperatingSystem.IsWindows())
        {
            write(screen);
            return;
        }

        var text = new StringWriter();
        write(new Terminal(text, isTerminal: true, screen.HasColors, screen.Width, screen.Height));
        var made = text.ToString();
        if (Fits(made, screen) || !await TryPageAsync(made, surroundings))
            screen.WriteMade(made);
    }

    // A line that is wider than the screen takes several; colours take no room, and make the guess only too high.
    private static bool Fits(string text, Terminal screen)
    {
        var lines = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
            lines += 1 + (Math.Max(0, line.Length - 1) / screen.Width);
        return lines <= screen.Height;
    }

    private static async Task<bool> TryPageAsync(string text, Surroundings surroundings)
    {
        var program = surroundings.Variable("PAGER") is { Length: > 0 } named ? named : Usual;
        var environment = new Dictionary<string, string>(ChildEnvironment.ForTools(ChildEnvironment.Current(), []), StringComparer.Ordinal);
        try
        {
            // A shell says 126 and 127 for what cannot be run and what is not there.
            return await ForegroundProgram.RunAsync(program, surroundings.Folder, environment, text) is not (126 or 127);
        }
        catch (ChildStartException)
        {
            return false;
        }
    }
}
