namespace Skein.Sandbox.Confining;

/// <summary>
/// Files that would be obeyed later and were not there when a confined program began: they cannot be mounted read-only, so what the program
/// made by such a name is given another when it has ended.
/// </summary>
public sealed class HeldBack
{
    /// <summary>What is added to the name.</summary>
    public const string Ending = ".held";

    private readonly IReadOnlyList<string> _missing;

    internal HeldBack(IEnumerable<string> folders) =>
        _missing = [.. folders.SelectMany(GuardedFiles.Names).Where(static path => !Path.Exists(path) && new FileInfo(path).LinkTarget is null)];

    /// <summary>Nothing is held back.</summary>
    public static HeldBack Nothing { get; } = new([]);

    /// <summary>Renames what is there now.</summary>
    /// <returns>The names before, absolute.</returns>
    public IReadOnlyList<string> Hold()
    {
        var held = new List<string>();
        foreach (var path in _missing)
        {
            if (!Path.Exists(path) && new FileInfo(path).LinkTarget is null)
                continue;

            try
            {
                Directory.Move(path, FreeName(path));
                held.Add(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another one did, or the folder is gone.
            }
        }

        return held;
    }

    private static string FreeName(string path)
    {
        var name = path + Ending;
        for (var n = 2; Path.Exists(name); n++)
            name = $"{path}{Ending}{n}";
        return name;
    }
}
