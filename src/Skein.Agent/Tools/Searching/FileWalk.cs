using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using Skein.Core;
using Skein.Sandbox;

namespace Skein.Agent.Tools.Searching;

/// <summary>Something found below a folder.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Below">Its path from that folder on, with '/'.</param>
/// <param name="Depth">0 directly in the folder.</param>
internal readonly record struct Found(string Path, string Below, bool IsFolder, bool IsLink, int Depth)
{
    public string Name => System.IO.Path.GetFileName(Path);
}

/// <summary>
/// Walks a folder in the order of names, without what <c>.gitignore</c> leaves out, what rules withhold and Skein's own folders. Links
/// are told and never followed: they could lead out of the workspace, or in circles. The folders that come next are read meanwhile.
/// </summary>
internal sealed class FileWalk(ToolContext context, ToolSettings settings)
{
    private static readonly EnumerationOptions s_everything = new() { AttributesToSkip = 0, IgnoreInaccessible = true, RecurseSubdirectories = false };
    private static readonly EnumerationOptions s_noLinks = new() { AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true, RecurseSubdirectories = false };

    private readonly string _workspace = RealPath.Of(context.Workspace);
    private readonly HashSet<string> _hidden = [.. settings.HiddenFolders.Select(RealPath.Of)];

    /// <param name="depth">How many levels down.</param>
    public async IAsyncEnumerable<Found> BelowAsync(ToolPath folder, int depth, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var levels = new Stack<Level>();
        try
        {
            levels.Push(new Level(this, List(folder.Real, folder, null, 0), folder, depth, cancellationToken));
            while (levels.TryPeek(out var level))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!level.TryNext(out var found))
                {
                    await levels.Pop().DisposeAsync();
                    continue;
                }

                yield return found;
                if (found.IsFolder && found.Depth + 1 < depth)
                    levels.Push(new Level(this, await level.NextFolderAsync(), folder, depth, cancellationToken));
            }
        }
        finally
        {
            foreach (var level in levels)
                await level.DisposeAsync();
        }
    }

    /// <param name="above">The rules of the folder above; null: they are not known.</param>
    private Listing List(string folder, ToolPath asked, IgnoreRules? above, int depth)
    {
        var there = Entries(folder);
        var rules = above is null ? IgnoreRules.For(folder) : there.Exists(static entry => IgnoreRules.HaveIn(entry.Name)) ? above.In(folder) : above;
        var below = Relative(asked.Real, folder);
        var entries = new List<Found>(there.Count);
        foreach (var (name, isFolder, isLink) in there)
        {
            var path = Path.Join(folder, name);
            if (!rules.Ignores(path, name, isFolder) && !IsClosed(path, asked.Subject))
                entries.Add(new Found(path, below.Length == 0 ? name : $"{below}/{name}", isFolder, isLink, depth));
        }

        return new Listing(entries, rules);
    }

    /// <summary>In the order of names.</summary>
    private static List<(string Name, bool IsFolder, bool IsLink)> Entries(string folder)
    {
        try
        {
            // A folder read twice tells its links; asking each entry would be a call of the system for every file.
            List<(string Name, bool IsFolder, bool IsLink)> entries =
                [.. new FileSystemEnumerable<(string, bool, bool)>(folder, static (ref FileSystemEntry entry) => (entry.FileName.ToString(), entry.IsDirectory, false), s_noLinks)];
            entries.AddRange(Links(folder, [.. entries.Select(static entry => entry.Name)]).Select(static name => (name, false, true)));
            entries.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
            return entries;
        }
        catch (DirectoryNotFoundException)
        {
            return []; // It was there when its parent was read: others work here too.
        }
    }

    /// <param name="others">What is no link, in the folder's own order.</param>
    private static FileSystemEnumerable<string> Links(string folder, string[] others)
    {
        var at = 0;
        var all = new Lazy<HashSet<string>>(() => [.. others]);
        return new FileSystemEnumerable<string>(folder, static (ref FileSystemEntry entry) => entry.FileName.ToString(), s_everything)
        {
            // The order is the same as before, unless somebody adds and removes meanwhile.
            ShouldIncludePredicate = (ref FileSystemEntry entry) =>
            {
                if (at == others.Length || !entry.FileName.SequenceEqual(others[at]))
                    return !all.Value.Contains(entry.FileName.ToString());
                at++;
                return false;
            },
        };
    }

    private bool IsClosed(string path, string asked) =>
        _hidden.Contains(path)
        || settings.IsWithheld(context.Workspace, asked, RealPath.IsWithin(_workspace, path) ? Relative(_workspace, path) : path);

    // Both without links, the one within the other.
    private static string Relative(string folder, string path) => path.Length == folder.Length
        ? ""
        : path[(Path.EndsInDirectorySeparator(folder) ? folder.Length : folder.Length + 1)..].Replace(Path.DirectorySeparatorChar, '/');

    /// <param name="Rules">Those that hold in the folder.</param>
    private sealed record Listing(List<Found> Entries, IgnoreRules Rules);

    /// <summary>A folder that the walk is in.</summary>
    private sealed class Level : IAsyncDisposable
    {
        private readonly FileWalk _walk;
        private readonly Listing _listing;
        private readonly ToolPath _asked;
        private readonly WorkAhead<Listing> _ahead;
        private readonly IEnumerator<Found> _folders;
        private int _next;

        public Level(FileWalk walk, Listing listing, ToolPath asked, int depth, CancellationToken cancellationToken)
        {
            (_walk, _listing, _asked) = (walk, listing, asked);
            _folders = listing.Entries.Where(found => found.IsFolder && found.Depth + 1 < depth).GetEnumerator();
            _ahead = new WorkAhead<Listing>(cancellationToken);
            BeginMore();
        }

        public bool TryNext(out Found found)
        {
            var isThere = _next < _listing.Entries.Count;
            found = isThere ? _listing.Entries[_next++] : default;
            return isThere;
        }

        /// <summary>What is in the next of its folders.</summary>
        public Task<Listing> NextFolderAsync()
        {
            var next = _ahead.TakeAsync();
            BeginMore();
            return next;
        }

        public async ValueTask DisposeAsync()
        {
            _folders.Dispose();
            await _ahead.DisposeAsync();
        }

        private void BeginMore()
        {
            while (_ahead.Count < WorkAhead<Listing>.Most && _folders.MoveNext())
            {
                var folder = _folders.Current;
                _ahead.Begin(_ => _walk.List(folder.Path, _asked, _listing.Rules, folder.Depth + 1));
            }
        }
    }
}
