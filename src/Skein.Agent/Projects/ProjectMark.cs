using System.Text;
using Skein.Core;

namespace Skein.Agent.Projects;

/// <summary>
/// A small file that gives a folder an id of its own, which goes with it wherever it is moved or copied to. Made only where its user asks
/// for it; what it says is not trusted to be anything but an id.
/// </summary>
public static class ProjectMark
{
    public const string FileName = ".skein-project";
    private const int Length = 32;
    private const int LongestFile = 256;

    /// <summary>The folder that has the nearest file, at or above a folder, and its id; null: there is none.</summary>
    public static (string Folder, string Id)? Find(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            if (Read(Path.Combine(at.FullName, FileName)) is { } id)
                return (at.FullName, id);
        }

        return null;
    }

    /// <summary>Marks a folder; one that is marked stays as it is.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="InvalidRequestException">There is such a file, but it is none of ours.</exception>
    public static async Task<string> WriteAsync(string folder, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, FileName);
        if (Read(file) is { } known)
            return known;
        if (Path.Exists(file))
            throw new InvalidRequestException($"'{file}' is there and is not what Skein writes: a line of {Length} hexadecimal digits.");

        var id = Guid.NewGuid().ToString("N");
        var line = $"{id}\n";
        await using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(line), cancellationToken);
        return id;
    }

    private static string? Read(string file) =>
        GitRepository.ReadLine(file, LongestFile) is { Length: Length } id && id.All(char.IsAsciiHexDigitLower) ? id : null;
}
