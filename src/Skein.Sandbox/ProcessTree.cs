using System.Globalization;

namespace Skein.Sandbox;

/// <summary>
/// Who comes from whom, as Linux tells it: a program that started another in a session of its own, as agents do with the shells that their
/// tools are, can be told from nothing else. Who has lost all that they come from is not found, and elsewhere nobody is.
/// </summary>
internal static class ProcessTree
{
    /// <summary>All that come from a process, the nearest first.</summary>
    /// <param name="pid">One that is not reaped, or its number may be another's.</param>
    public static IEnumerable<int> Below(int pid)
    {
        foreach (var child in ChildrenOf(pid))
        {
            yield return child;
            foreach (var below in Below(child))
                yield return below;
        }
    }

    private static IEnumerable<int> ChildrenOf(int pid) =>
        Read(() => Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/task")))
            .SelectMany(static task => Read(() => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            .Select(static number => int.Parse(number, CultureInfo.InvariantCulture));

    // Nothing of a process or a thread that went meanwhile, or that the system shows to nobody.
    private static string[] Read(Func<string[]> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
