using System.Text.Json;
using Skein.Core;

namespace Skein.Store;

/// <summary>Texts and projects that come again and again, each kept once. For one thread.</summary>
internal sealed class SharedTexts
{
    private const int MostLength = 512;

    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _texts =
        new Dictionary<string, string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private readonly HashSet<Project> _projects = [];

    public Project? Share(Project? project) =>
        project is null || _projects.Add(project) || !_projects.TryGetValue(project, out var known) ? project : known;

    /// <returns>The string that the reader is at; null where it is at null.</returns>
    public string? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String || reader.ValueSpan.Length > MostLength)
            return reader.GetString();

        Span<char> buffer = stackalloc char[MostLength];
        var text = buffer[..reader.CopyString(buffer)];
        if (_texts.TryGetValue(text, out var known))
            return known;

        var made = new string(text);
        _texts.Dictionary.Add(made, made);
        return made;
    }
}
