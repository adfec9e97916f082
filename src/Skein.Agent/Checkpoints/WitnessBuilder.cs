using Skein.Sandbox;

namespace Skein.Agent.Checkpoints;

/// <summary>Makes the witness of a working tree, right after git said that all of it is as its index has it.</summary>
/// <param name="root">The working tree.</param>
/// <param name="workspace">The part of it that is looked at.</param>
/// <param name="began">A time before git looked.</param>
/// <param name="ignoredAsync">Which of these paths, relative to the working tree, its rules ignore.</param>
internal sealed class WitnessBuilder(
    string root, string workspace, DateTimeOffset began, Func<IReadOnlyList<string>, CancellationToken, Task<IReadOnlySet<string>>> ignoredAsync)
{
    private const int MostRounds = 8;
    private const string Rules = ".gitignore";
    private const string Repository = ".git";

    private readonly TreeWitness _witness = new();
    private readonly Queue<string> _folders = new();
    private readonly Dictionary<string, FileStatus> _asked = new(StringComparer.Ordinal);

    /// <param name="index">The names that the index has.</param>
    /// <returns>Null: it changes at this moment, or is too large.</returns>
    public async Task<TreeWitness?> BuildAsync(IReadOnlyCollection<string> index, CancellationToken cancellationToken)
    {
        try
        {
            if (!AddAbove() || !index.All(name => AddFile(Path.Combine(root, name))))
                return null;
            AddFolder(workspace);
            foreach (var folder in index.Select(name => Path.GetDirectoryName(Path.Combine(root, name))!).Distinct(StringComparer.Ordinal))
                AddFolders(folder);

            for (var round = 0; _folders.Count > 0; round++)
            {
                while (_folders.TryDequeue(out var folder))
                {
                    if (_witness.Count > TreeWitness.MostNames || !Look(folder))
                        return null;
                }

                if (round == MostRounds || !await AskAsync(cancellationToken))
                    return null;
            }

            return _witness;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Rules above the workspace count in it, and a repository that begins on the way changes whose they are.
    private bool AddAbove()
    {
        for (var at = workspace; at != root;)
        {
            at = Path.GetDirectoryName(at)!;
            if (!AddAsIs(Path.Combine(at, Rules)) || (at != root && !AddAsIs(Path.Combine(at, Repository))))
                return false;
        }

        return true;
    }

    private bool AddAsIs(string path)
    {
        var status = FileStatus.Of(path);
        _witness.AddFile(path, status);
        return status is null || TreeWitness.IsSettled(status.Value, began);
    }

    // Rules that are ignored themselves hold all the same.
    private bool AddIgnored(string path, FileStatus status)
    {
        if (Path.GetFileName(path) == Rules)
            return AddAsIs(path);
        _witness.AddIgnored(path, status);
        return true;
    }

    private bool AddFile(string path) => FileStatus.Of(path) is { IsFileOrLink: true } && AddAsIs(path);

    private void AddFolders(string folder)
    {
        for (; !_witness.HasFolder(folder); folder = Path.GetDirectoryName(folder)!)
            AddFolder(folder);
    }

    private void AddFolder(string folder)
    {
        _witness.AddFolder(folder, null);
        _folders.Enqueue(folder);
    }

    // What is in a folder that was not touched since before git looked, and is not in the index, is ignored.
    private bool Look(string folder)
    {
        if (FileStatus.Of(folder) is not { IsFolder: true } status)
            return false;

        var isSettled = TreeWitness.IsSettled(status, began);
        _witness.AddFolder(folder, isSettled ? status : null);
        foreach (var name in TreeWitness.NamesIn(folder))
        {
            var path = Path.Combine(folder, name);
            if (_witness.HasFile(path) || _witness.HasFolder(path))
                continue;
            if (FileStatus.Of(path) is not { } there)
                return false;

            if (name == Repository || !(there.IsFolder || there.IsFileOrLink))
                _witness.AddIgnored(path, there);
            else if (there.IsFolder && TreeWitness.IsEmpty(path))
                AddFolder(path);
            else if (there.IsFolder || !isSettled)
                _asked.Add(path, there);
            else if (!AddIgnored(path, there))
                return false;
        }

        return true;
    }

    private async Task<bool> AskAsync(CancellationToken cancellationToken)
    {
        if (_asked.Count == 0)
            return true;

        var ignored = await ignoredAsync([.. _asked.Keys.Select(path => Path.GetRelativePath(root, path))], cancellationToken);
        foreach (var (path, status) in _asked)
        {
            if (!ignored.Contains(Path.GetRelativePath(root, path)))
            {
                // A file that came just now, or a folder all of whose files are ignored.
                if (!status.IsFolder)
                    return false;
                AddFolder(path);
            }
            else if (!AddIgnored(path, status))
                return false;
        }

        _asked.Clear();
        return true;
    }
}
