namespace Skein.Core;

/// <summary>What stands around code in Markdown.</summary>
public static class CodeFence
{
    private const int Shortest = 3;

    /// <returns>Ticks, more than stand together anywhere in the code: nothing in it can end it.</returns>
    public static string Around(string code)
    {
        var (longest, run) = (Shortest - 1, 0);
        foreach (var c in code)
        {
            run = c == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return new string('`', longest + 1);
    }
}
