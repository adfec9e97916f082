using Skein.Cli.Repl.Editing;

namespace Skein.Cli.Repl;

/// <summary>What Tab offers: commands, what they take, and files of the folder behind an @. For one thread.</summary>
/// <param name="folder">Where files are looked for.</param>
internal sealed class Completer(string folder)
{
    private const int MostFiles = 20_000;
    private const int MostOffered = 8;
    private static readonly string[] s_modes = ["ask", "edits", "auto", "plan"];
    private static readonly string[] s_skipped = [".git", "node_modules", "bin", "obj", "artifacts", "target", "dist", ".venv", "__pycache__"];

    private (int From, string[] Offers)? _cycle;
    private int _next;

    /// <summary>The sessions of the folder, newest first: the start of an id, and the title.</summary>
    public IReadOnlyList<(string Name, string Title)> Sessions { get; set; } = [];

    /// <summary>What can be called beside the REPL's own commands.</summary>
    public IReadOnlyList<SlashCommand> Named { get; set; } = [];

    /// <summary>Agents that may be meant.</summary>
    public IReadOnlyList<string> Agents { get; set; } = [];

    /// <summary>Models that may be meant.</summary>
    public IReadOnlyList<string> Models { get; set; } = [];

    /// <summary>Forgets what was offered: something else was typed.</summary>
    public void Reset() => _cycle = null;

    /// <summary>What is shown under the line while something that can be completed is typed.</summary>
    public IReadOnlyList<string> Hints(EditBuffer buffer)
    {
        if (_cycle is { } cycle)
            return [.. cycle.Offers.Select((o, i) => (i == (_next + cycle.Offers.Length - 1) % cycle.Offers.Length ? "▸ " : "  ") + o)];
        var typed = buffer.Text;
        if (!typed.StartsWith('/') || buffer.Cursor != typed.Length || typed.Contains('\n', StringComparison.Ordinal))
            return [];
        if (!typed.Contains(' ', StringComparison.Ordinal))
        {
            var found = SlashCommand.All.Concat(Named).Where(c => c.Name.StartsWith(typed, StringComparison.Ordinal)).Take(MostOffered).ToArray();
            return [.. found.Select(c => $"  {$"{c.Name} {c.Arguments}",-28} {c.Description}")];
        }

        return typed.StartsWith("/resume ", StringComparison.Ordinal)
            ? [.. Sessions.Take(MostOffered).Select(s => $"  {s.Name}  {s.Title}")]
            : [];
    }

    /// <summary>Tab: completes, or offers the next.</summary>
    /// <returns>False: there is nothing to offer.</returns>
    public bool Complete(EditBuffer buffer)
    {
        if (_cycle is null)
        {
            var (from, offers) = Offers(buffer.Text[..buffer.Cursor]);
            if (offers.Length == 0)
                return false;
            if (offers.Length == 1)
            {
                buffer.ReplaceBefore(from, offers[0] + (offers[0].EndsWith('/') ? "" : " "));
                return true;
            }

            (_cycle, _next) = ((from, offers), 0);
        }

        buffer.ReplaceBefore(_cycle.Value.From, _cycle.Value.Offers[_next]);
        _next = (_next + 1) % _cycle.Value.Offers.Length;
        return true;
    }

    private (int From, string[] Offers) Offers(string before)
    {
        var from = before.LastIndexOfAny([' ', '\n']) + 1;
        var word = before[from..];
        if (word.StartsWith('@'))
            return (from, [.. Files(word[1..]).Select(f => "@" + f)]);
        if (!before.StartsWith('/'))
            return (from, []);
        if (from == 0)
            return (0, [.. SlashCommand.All.Concat(Named).Select(c => c.Name).Where(n => n.StartsWith(word, StringComparison.Ordinal))]);

        IEnumerable<string> known = before[..(from - 1)] switch
        {
            "/mode" => s_modes,
            "/resume" => Sessions.Select(s => s.Name),
            "/model" => Models,
            "/agent" => Agents,
            _ => [],
        };
        return (from, [.. known.Where(k => k.StartsWith(word, StringComparison.Ordinal)).Take(MostOffered)]);
    }

    // Those that begin with what was typed come first, then those whose name does, then those that contain it.
    private string[] Files(string typed) =>
    [
        .. Walk(folder)
            .Take(MostFiles)
            .Select(f => (File: f, Rank: RankOf(f, typed)))
            .Where(f => f.Rank < 3)
            .OrderBy(f => f.Rank).ThenBy(f => f.File.Length).ThenBy(f => f.File, StringComparer.Ordinal)
            .Take(MostOffered)
            .Select(f => f.File),
    ];

    private static int RankOf(string file, string typed) =>
        file.StartsWith(typed, StringComparison.OrdinalIgnoreCase) ? 0
        : Path.GetFileName(file).StartsWith(typed, StringComparison.OrdinalIgnoreCase) ? 1
        : file.Contains(typed, StringComparison.OrdinalIgnoreCase) ? 2
        : 3;

    private static IEnumerable<string> Walk(string root)
    {
        var folders = new Queue<string>([root]);
        while (folders.TryDequeue(out var next))
        {
            // Links are not followed: they may lead in a circle, or out.
            var options = new EnumerationOptions { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
            foreach (var entry in new DirectoryInfo(next).EnumerateFileSystemInfos("*", options).OrderBy(e => e.Name, StringComparer.Ordinal))
            {
                if (entry.Name.Any(char.IsControl) || entry.Name.Contains(' ', StringComparison.Ordinal))
                    continue;
                if (entry is FileInfo)
                    yield return Path.GetRelativePath(root, entry.FullName);
                else if (!s_skipped.Contains(entry.Name))
                    folders.Enqueue(entry.FullName);
            }
        }
    }
}
