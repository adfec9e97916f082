using System.Buffers;
using System.Text;
using Skein.Agent.Git;
using Skein.Core.Files;
using Skein.Sandbox;

namespace Skein.Agent.Checkpoints;

/// <summary>What of a working tree is not in its index as it is.</summary>
internal sealed class WorkTreeStatus
{
    /// <summary>A file above this is left out: a snapshot is taken at every step, and what is so big is rarely anybody's source.</summary>
    private const long LargestFile = 50 << 20;

    /// <summary>More than these at once are no project, but somebody's whole disk.</summary>
    private const int MostFiles = 200_000;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _root;
    private readonly string _prefix;

    private WorkTreeStatus(string root, string prefix) => (_root, _prefix) = (root, prefix);

    /// <summary>To be read anew, or taken out where it is no longer there.</summary>
    public List<string> Changed { get; } = [];

    /// <summary>To be taken out whatever is there, or behind a link.</summary>
    public List<string> Gone { get; } = [];

    /// <summary>Folders that are repositories of their own, and that the index does not look into yet.</summary>
    public List<string> Nested { get; } = [];

    /// <summary>What is not snapshotted, and why.</summary>
    public List<string> LeftOut { get; } = [];

    /// <summary>The tree differs from that of the last snapshot.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>All is as the last snapshot has it, and nothing was left out.</summary>
    public bool IsClean => !IsChanged && Nested.Count == 0 && LeftOut.Count == 0;

    /// <param name="git"><c>git status --porcelain=v2 -z</c>, started.</param>
    public static async Task<WorkTreeStatus> ReadAsync(ChildProcess git, string root, string prefix, CancellationToken cancellationToken)
    {
        var status = new WorkTreeStatus(root, prefix);
        var complaint = new StreamReader(git.Errors).ReadToEndAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        try
        {
            var (filled, count) = (0, 0);
            for (int read; (read = await git.Output.ReadAsync(buffer.AsMemory(filled), cancellationToken)) > 0;)
            {
                var text = buffer.AsMemory(0, filled + read);
                for (int end; (end = text.Span.IndexOf((byte)0)) >= 0; text = text[(end + 1)..])
                {
                    status.Add(text.Span[..end]);
                    if (++count > MostFiles)
                        throw new CheckpointException($"Files of {root} are not snapshotted: more than {MostFiles:n0} are new or changed at once. Ignore those that are no source (.gitignore), or work in a smaller folder.", lasts: true);
                }

                text.CopyTo(buffer);
                filled = text.Length;
                if (filled == buffer.Length)
                    throw new CheckpointException($"Files of {root} are not snapshotted: a path is longer than {buffer.Length} bytes.", lasts: true);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        var exit = await git.WaitAsync(cancellationToken);
        return exit.Code == 0 ? status : throw new GitException(exit.Code, $"git status: {(await complaint).Trim()}");
    }

    // "? path", or "1 XY sub mH mI mW hH hI path": X tells of the index against the last snapshot, Y of the file against the index.
    private void Add(ReadOnlySpan<byte> line)
    {
        if (line is [(byte)'?', (byte)' ', .. var untracked])
        {
            Add(untracked, isTracked: false, isGone: false);
            return;
        }

        if (line is not [(byte)'1', (byte)' ', var x, var y, ..])
            throw new GitException(0, $"git status said what is not known: {Encoding.UTF8.GetString(line)}");

        IsChanged |= x != '.';
        if (y == '.')
            return;
        for (var i = 0; i < 8; i++)
            line = line[(line.IndexOf((byte)' ') + 1)..];
        Add(line, isTracked: true, isGone: y == 'D');
    }

    private void Add(ReadOnlySpan<byte> path, bool isTracked, bool isGone)
    {
        if (path[^1] == '/')
        {
            Nested.Add(Encoding.UTF8.GetString(path));
            return;
        }

        string name;
        try
        {
            name = s_strict.GetString(path);
        }
        catch (DecoderFallbackException)
        {
            LeftOut.Add($"{Shown(Encoding.UTF8.GetString(path))}: its name is not UTF-8");
            return;
        }

        var why = isGone ? null : WhyNot(Path.Combine(_root, name));
        if (why is null)
        {
            IsChanged = true;
            (isGone && IsBelowLink(_root, name) ? Gone : Changed).Add(name);
            return;
        }

        LeftOut.Add($"{Shown(name)}: {why}");
        if (isTracked)
        {
            IsChanged = true;
            Gone.Add(name);
        }
    }

    /// <summary>Whether one of the folders on the way to a file is a link.</summary>
    public static bool IsBelowLink(string root, string path)
    {
        for (var folder = Path.GetDirectoryName(path); folder is { Length: > 0 }; folder = Path.GetDirectoryName(folder))
        {
            if (new DirectoryInfo(Path.Combine(root, folder)).LinkTarget is not null)
                return true;
        }

        return false;
    }

    private string Shown(string path) => path.StartsWith(_prefix, StringComparison.Ordinal) ? path[_prefix.Length..] : path;

    // A link, a pipe and what is gone by now are git's to judge: one that it refuses makes the snapshot begin anew without it.
    private static string? WhyNot(string path)
    {
        try
        {
            if (FileStatus.Of(path) is not { IsFile: true } file)
                return null;
            if (file.Size > LargestFile)
                return $"it has {file.Size:n0} bytes, more than {LargestFile:n0}";

            // Of very many new files few are secret: what everybody may read need not be opened to know it.
            using var opened = file.IsReadByAll ? null : RegularFile.OpenRead(path, out _);
            return null;
        }
        catch (IOException)
        {
            return "it cannot be read";
        }
    }
}
