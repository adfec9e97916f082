using System.Text.Json.Serialization;
using Skein.Agent.Settings;
using Skein.Core;

namespace Skein.Agent.Worktrees;

/// <summary>A working tree that was made for a fork, or is just being made.</summary>
/// <param name="Root">The first folder of the working tree that it was made like.</param>
/// <param name="IsWhole">It has been made.</param>
internal sealed record WorktreeRecord(SessionId Fork, SessionId Origin, string Root, string Folder, string Branch, bool IsWhole = false);

/// <summary>
/// Which working trees there are: a file each in Skein's home, which is there before its working tree and goes after it, so that none is
/// forgotten by a process that dies.
/// </summary>
internal sealed class WorktreeRecords(string home)
{
    private const string Ending = ".json";
    private readonly string _folder = Path.Combine(home, "worktrees");

    public Task WriteAsync(WorktreeRecord record, CancellationToken cancellationToken) =>
        PrivateFile.WriteAsync(PathOf(record.Fork), record, WorktreeJson.Default.WorktreeRecord, cancellationToken);

    public Task<WorktreeRecord?> FindAsync(SessionId fork, CancellationToken cancellationToken) =>
        PrivateFile.ReadAsync(PathOf(fork), WorktreeJson.Default.WorktreeRecord, cancellationToken);

    public void Delete(SessionId fork) => File.Delete(PathOf(fork));

    /// <summary>The forks that have one since before an instant.</summary>
    public IEnumerable<SessionId> Before(DateTimeOffset instant)
    {
        if (!Directory.Exists(_folder))
            yield break;
        foreach (var file in new DirectoryInfo(_folder).EnumerateFiles("*" + Ending))
        {
            if (file.LastWriteTimeUtc < instant && SessionId.TryParse(Path.GetFileNameWithoutExtension(file.Name), out var fork))
                yield return fork;
        }
    }

    private string PathOf(SessionId fork) => Path.Combine(_folder, fork + Ending);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(WorktreeRecord))]
internal sealed partial class WorktreeJson : JsonSerializerContext;
