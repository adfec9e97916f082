using System.Text.Json.Serialization;

namespace Skein.Core.Files;

/// <param name="Tree">The snapshot of what was merged.</param>
/// <param name="Conflicts">The files that both sides changed in a way that cannot be put together.</param>
public sealed record MergedTree(string Tree, IReadOnlyList<string> Conflicts);

/// <summary>What becomes of files that both sides changed in a way that cannot be put together.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ConflictChoice>))]
public enum ConflictChoice
{
    /// <summary>Nothing is merged.</summary>
    [JsonStringEnumMemberName("abort")] Abort,

    /// <summary>Both are written into the file, between marks, as git does; of what is no text, that of the origin.</summary>
    [JsonStringEnumMemberName("markers")] Markers,

    /// <summary>The file is as the origin has it.</summary>
    [JsonStringEnumMemberName("ours")] Ours,

    /// <summary>The file is as the fork has it.</summary>
    [JsonStringEnumMemberName("theirs")] Theirs,
}
