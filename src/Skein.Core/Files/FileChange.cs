using System.Text.Json.Serialization;

namespace Skein.Core.Files;

/// <summary>What became of a file between two snapshots.</summary>
/// <param name="Path">From the workspace on, with <c>/</c>.</param>
/// <param name="Added">Lines; null: it is no text.</param>
/// <param name="Deleted">Lines; null: it is no text.</param>
public sealed record FileChange(string Path, FileChangeKind Kind, int? Added = null, int? Deleted = null);

[JsonConverter(typeof(JsonStringEnumConverter<FileChangeKind>))]
public enum FileChangeKind
{
    [JsonStringEnumMemberName("added")] Added,
    [JsonStringEnumMemberName("modified")] Modified,
    [JsonStringEnumMemberName("deleted")] Deleted,

    /// <summary>A file became a link, or a link a file.</summary>
    [JsonStringEnumMemberName("retyped")] Retyped,
}
