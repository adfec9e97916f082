using System.Text;

namespace Skein.Cli.Composition;

/// <summary>What is typed and not shown.</summary>
internal static class HiddenInput
{
    /// <summary>A line from the terminal. Only the console itself can keep the terminal from showing it.</summary>
    /// <returns>Null: the input has ended.</returns>
    public static string? ReadLine()
    {
        var line = new StringBuilder();
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            switch (key)
            {
                case { Key: ConsoleKey.Enter }:
                    return line.ToString();
                case { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } when line.Length == 0:
                    return null;
                case { Key: ConsoleKey.U, Modifiers: ConsoleModifiers.Control }:
                    line.Clear();
                    break;
                case { Key: ConsoleKey.Backspace }:
                    line.Length = Math.Max(0, line.Length - 1);
                    break;
                case { KeyChar: >= ' ' }:
                    line.Append(key.KeyChar);
                    break;
            }
        }
    }
}
