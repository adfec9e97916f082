namespace Skein.Adapters.Archives;

/// <summary>The files below a folder that sessions are in.</summary>
internal static class SessionFiles
{
    /// <returns>None where there is no such folder.</returns>
    public static IEnumerable<string> Below(string folder, string pattern) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, pattern, new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint })
        : [];

    /// <summary>How a conversation begins, as its title.</summary>
    public static string? TitleOf(string? text) =>
        text?.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0) is { } line ? line.Length <= 200 ? line : line[..200] : null;
}
