using System.Text;
using Skein.Cli.Composition;

namespace Skein.Cli.Repl.Editing;

/// <summary>
/// What was sent, in all terminals of a home, oldest first: a file of which each line is one entry, new lines in it written as \n. Only
/// its user may read it.
/// </summary>
internal sealed class History
{
    private const int MostKept = 2000;
    private const int LongestEntry = 32 * 1024;
    private readonly string? _file;
    private readonly List<string> _entries = [];

    private History(string? file) => _file = file;

    public IReadOnlyList<string> Entries => _entries;

    /// <param name="file">Null: it is kept in memory only.</param>
    public static History Open(string? file)
    {
        var history = new History(file);
        if (file is not null && File.Exists(file))
            history._entries.AddRange(File.ReadLines(file).Where(l => l.Length > 0).TakeLast(MostKept).Select(Unescape));
        return history;
    }

    /// <summary>Remembers an entry; not one that repeats the last.</summary>
    /// <exception cref="IOException">It could not be written. It is remembered until the end of this process.</exception>
    public void Add(string entry)
    {
        if (string.IsNullOrWhiteSpace(entry) || entry.Length > LongestEntry || (_entries.Count > 0 && _entries[^1] == entry))
            return;

        _entries.Add(entry);
        if (_file is null)
            return;
        using var writer = new StreamWriter(_file, new UTF8Encoding(false), OwnFiles.Appending());
        writer.Write(Escape(entry) + "\n");
    }

    /// <summary>The newest entry before a place that contains a text.</summary>
    public int? FindBack(string text, int before)
    {
        for (var i = Math.Min(before, _entries.Count) - 1; i >= 0; i--)
        {
            if (_entries[i].Contains(text, StringComparison.OrdinalIgnoreCase))
                return i;
        }

        return null;
    }

    private static string Escape(string entry) =>
        entry.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal);

    private static string Unescape(string line)
    {
        var entry = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (c == '\\' && i + 1 < line.Length)
                c = line[++i] switch { 'n' => '\n', 'r' => '\r', var other => other };
            entry.Append(c);
        }

        return entry.ToString();
    }
}
