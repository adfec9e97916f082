using System.Security.Cryptography;

namespace Skein.Testing;

/// <summary>All files of a folder, to be compared: bytes, whether they can be run, where links lead. No <c>.git</c> is looked into.</summary>
public static class FolderPrint
{
    /// <returns>A line a file, in the order of paths.</returns>
    public static IReadOnlyList<string> Of(string folder)
    {
        var lines = new List<string>();
        Add(new DirectoryInfo(folder), "", lines);
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    private static void Add(DirectoryInfo folder, string path, List<string> lines)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }))
        {
            var name = path + entry.Name;
            if (entry.Name == ".git")
                continue;
            if (entry.LinkTarget is { } target)
                lines.Add($"{name} -> {target}");
            else if (entry is DirectoryInfo below)
                Add(below, name + "/", lines);
            else
                lines.Add($"{name} {(OperatingSystem.IsWindows() ? "" : (entry.UnixFileMode & UnixFileMode.UserExecute) != 0 ? "x " : "")}{Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(entry.FullName)))}");
        }
    }
}
