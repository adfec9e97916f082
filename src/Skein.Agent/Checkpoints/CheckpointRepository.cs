using System.Collections.Concurrent;
using System.Text;
using Skein.Agent.Git;
using Skein.Core;
using Skein.Core.Files;
using Skein.Sandbox;

namespace Skein.Agent.Checkpoints;

/// <summary>
/// The one repository that has the snapshots of all workspaces of a home. What is alike in them is there once. A session keeps its
/// snapshots by a reference of its own, whose history they are. Safe for use by many threads.
/// </summary>
internal sealed class CheckpointRepository(string folder, GitProgram git, TimeProvider time)
{
    /// <summary>The name of the tree that has nothing; git knows it without an object.</summary>
    public const string EmptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    private const int NameLength = 40;
    private const string NoHead = "ref: refs/heads/none\n";
    private const string WorkFolders = "worktrees";

    // Files are taken as they are: no line ending is changed, and nothing that a .gitattributes names is run.
    private const string Attributes = "* -text !eol -ident -filter !working-tree-encoding -crlf\n";

    // The index is split, so that a change of one file in a large tree does not write all of it anew. An object is renamed to its name, not linked
    // and unlinked: one that is there already has the same content.
    private const string Configuration = """
        [core]
        	repositoryformatversion = 0
        	bare = false
        	filemode = true
        	symlinks = true
        	ignorecase = false
        	precomposeunicode = false
        	autocrlf = false
        	quotepath = false
        	logallrefupdates = false
        	createobject = rename
        	untrackedcache = true
        	splitindex = true
        	hookspath = /dev/null
        [splitindex]
        	sharedindexexpire = now
        [status]
        	showuntrackedfiles = all
        [gc]
        	auto = 0

        """;

    private readonly Dictionary<string, string> _where = new(StringComparer.Ordinal) { ["GIT_DIR"] = folder };
    private readonly ConcurrentDictionary<SessionId, (string Commit, string Tree)> _tips = new();
    private readonly LooseObjects _objects = new(Path.Combine(folder, "objects"));
    private readonly SessionReferences _references = new(folder);
    private readonly Lock _making = new();
    private bool _isMade;

    public TimeProvider Time { get; } = time;

    /// <summary>Where the index of a working tree and what else is its own lies, made where it is missing.</summary>
    /// <param name="key">A name for the working tree.</param>
    /// <param name="root">The working tree.</param>
    public string WorkFolder(string key, string root)
    {
        Make();
        var work = Path.Combine(folder, WorkFolders, key);
        if (File.Exists(Path.Combine(work, "commondir")))
            return work;

        // As git lays a linked working tree out, so that it spares what the index names. The last file makes it one.
        Directory.CreateDirectory(work);
        File.WriteAllText(Path.Combine(work, "HEAD"), NoHead);
        File.WriteAllText(Path.Combine(work, "gitdir"), Path.Combine(root, ".git") + "\n");
        File.WriteAllText(Path.Combine(work, "commondir"), "../..\n");
        return work;
    }

    /// <summary>Keeps a tree for a session.</summary>
    /// <returns>The commit that has it.</returns>
    public async Task<string> KeepAsync(SessionId session, string tree, CancellationToken cancellationToken)
    {
        var tip = await TipAsync(session, cancellationToken);
        if (tip?.Tree == tree)
            return tip.Value.Commit;

        var commit = Commit(tree, tip?.Commit);
        await MoveAsync(session, commit, cancellationToken);
        _tips[session] = (commit, tree);
        return commit;
    }

    /// <summary>Whether a session keeps a tree.</summary>
    public async Task<bool> HasAsync(SessionId session, string tree, CancellationToken cancellationToken) =>
        await TipAsync(session, cancellationToken) is { } tip
        && (await AskAsync(["log", "--format=%T", tip.Commit], cancellationToken)).Split('\n').Contains(tree, StringComparer.Ordinal);

    public async Task InheritAsync(SessionId fork, SessionId origin, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder) && await TipAsync(origin, cancellationToken) is { } tip)
            await AskAsync(["update-ref", SessionReferences.Prefix + fork, tip.Commit], cancellationToken);
    }

    public async Task DropAsync(SessionId session, CancellationToken cancellationToken)
    {
        _tips.TryRemove(session, out _);
        if (Directory.Exists(folder))
            await AskAsync(["update-ref", "-d", SessionReferences.Prefix + session], cancellationToken);
    }

    /// <summary>Deletes what no session keeps, and packs the rest.</summary>
    public async Task<Reclaimed> CollectAsync(Func<SessionId, CancellationToken, ValueTask<bool>> exists, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
            return Reclaimed.Nothing;

        var before = Measure();
        foreach (var name in (await AskAsync(["for-each-ref", "--format=%(refname:lstrip=2)", SessionReferences.Prefix], cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (SessionId.TryParse(name, out var session) && !await exists(session, cancellationToken))
                await DropAsync(session, cancellationToken);
        }

        foreach (var work in Directory.EnumerateDirectories(Path.Combine(folder, WorkFolders)))
        {
            // What it knows of is kept by no session: the next snapshot there begins anew.
            var head = await File.ReadAllTextAsync(Path.Combine(work, "HEAD"), cancellationToken);
            if (head == NoHead || await AskAsync(["for-each-ref", "--count=1", "--contains", head.TrimEnd('\n'), SessionReferences.Prefix], cancellationToken) == "")
                Directory.Delete(work, recursive: true);
        }

        await AskAsync(["repack", "-a", "-d", "-q"], cancellationToken);
        await AskAsync(["prune", "--expire=1.hour.ago"], cancellationToken);
        await AskAsync(["pack-refs", "--all"], cancellationToken);
        var after = Measure();
        return after.Bytes < before.Bytes ? new Reclaimed(Math.Max(0, before.Files - after.Files), before.Bytes - after.Bytes) : Reclaimed.Nothing;
    }

    public Task<byte[]> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        GuardAsync(() => git.RunAsync(folder, _where, arguments, null, cancellationToken));

    public Task<string> AskAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        GuardAsync(() => git.AskAsync(folder, _where, arguments, null, cancellationToken));

    /// <summary>What git says, up to so many characters.</summary>
    public Task<(string Text, bool IsCut)> ReadStartAsync(IReadOnlyList<string> arguments, int most, CancellationToken cancellationToken) =>
        GuardAsync(() => git.ReadStartAsync(folder, _where, arguments, most, cancellationToken));

    /// <summary>The contents of objects, one after the other.</summary>
    public GitObjects OpenObjects() => new(git.Start(folder, _where, ["cat-file", "--batch"], ChildInput.Piped));

    public static void RequireName(string tree)
    {
        if (tree.Length != NameLength || !tree.All(char.IsAsciiHexDigitLower))
            throw new CheckpointException($"'{tree}' is not the name of a snapshot.");
    }

    /// <summary>What git could not do is told as what Skein could not do.</summary>
    public static async Task<T> GuardAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (GitException e) when (e.Code is null)
        {
            throw new CheckpointException($"Files are not snapshotted: git is needed for it, and it cannot be run: {e.Message}", lasts: true, e);
        }
        catch (Exception e) when (e is GitException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"Snapshots of files: {e.Message}", inner: e);
        }
    }

    private string Commit(string tree, string? parent)
    {
        var now = Time.GetUtcNow();
        var by = $"Skein <skein@localhost> {now.ToUnixTimeSeconds()} +0000";
        var text = $"tree {tree}\n{(parent is null ? "" : $"parent {parent}\n")}author {by}\ncommitter {by}\n\nsnapshot\n";
        return _objects.Write("commit", Encoding.UTF8.GetBytes(text), now);
    }

    private async Task MoveAsync(SessionId session, string commit, CancellationToken cancellationToken)
    {
        try
        {
            _references.Move(session, commit);
        }
        catch (IOException)
        {
            // A collection packs it at this moment: git waits.
            await AskAsync(["update-ref", SessionReferences.Prefix + session, commit], cancellationToken);
        }
    }

    private async Task<(string Commit, string Tree)?> TipAsync(SessionId session, CancellationToken cancellationToken)
    {
        if (_tips.TryGetValue(session, out var known))
            return known;

        if (_references.IsMissing(session))
            return null;
        var said = await AskAsync(["for-each-ref", "--format=%(objectname) %(tree)", SessionReferences.Prefix + session], cancellationToken);
        if (said.Split(' ') is not [{ Length: NameLength } commit, var tree])
            return null;
        return _tips[session] = (commit, tree);
    }

    private Reclaimed Measure() =>
        new DirectoryInfo(Path.Combine(folder, "objects")).EnumerateFiles("*", SearchOption.AllDirectories)
            .Aggregate(Reclaimed.Nothing, static (sum, file) => sum.And(file.Length));

    private void Make()
    {
        lock (_making)
        {
            if (_isMade)
                return;

            Directory.CreateDirectory(Path.Combine(folder, "objects"));
            Directory.CreateDirectory(Path.Combine(folder, SessionReferences.Prefix));
            _references.Unlock();
            Directory.CreateDirectory(Path.Combine(folder, "info"));
            Directory.CreateDirectory(Path.Combine(folder, WorkFolders));
            File.WriteAllText(Path.Combine(folder, "HEAD"), NoHead);
            File.WriteAllText(Path.Combine(folder, "config"), Configuration);
            File.WriteAllText(Path.Combine(folder, "info", "attributes"), Attributes);
            _isMade = true;
        }
    }
}
