namespace Skein.Agent.Tools;

/// <summary>Replaces text in a text; what cannot be done is said so that the next try can succeed.</summary>
/// <param name="Old">Not empty.</param>
internal sealed record TextEdit(string Old, string New, bool All)
{
    private const int MostLinesTold = 20;

    /// <returns>The new text and how many places changed.</returns>
    /// <exception cref="ToolInputException">Not found, or found more than once.</exception>
    public (string Text, int Count) Apply(string subject, string text)
    {
        var edit = WithEndingsOf(text);
        var count = Places(text, edit.Old).Count();
        if (count == 0)
            throw new ToolInputException(NotFound(subject, text));

        if (count > 1 && !All)
        {
            var lines = Places(text, edit.Old).Take(MostLinesTold).Select(at => LineOf(text, at));
            throw new ToolInputException(
                $"'old_string' is in '{subject}' {count} times (lines {string.Join(", ", lines)}{(count > MostLinesTold ? ", …" : "")}): "
                + "take more of the lines around it, so that it is there once, or set 'replace_all'.");
        }

        return (text.Replace(edit.Old, edit.New, StringComparison.Ordinal), count);
    }

    // Models write '\n'. In a file whose lines end otherwise, the text they mean, and what they put in its place, end as the file does.
    private TextEdit WithEndingsOf(string text)
    {
        if (!text.Contains("\r\n", StringComparison.Ordinal) || text.AsSpan().Count('\n') != text.AsSpan().Count("\r\n"))
            return this;

        return this with { Old = WithReturns(Old), New = WithReturns(New) };
    }

    private static string WithReturns(string text) =>
        text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal);

    private static IEnumerable<int> Places(string text, string old)
    {
        for (var at = text.IndexOf(old, StringComparison.Ordinal); at >= 0; at = text.IndexOf(old, at + old.Length, StringComparison.Ordinal))
            yield return at;
    }

    private static int LineOf(string text, int at) => text.AsSpan(0, at).Count('\n') + 1;

    private string NotFound(string subject, string text)
    {
        var lines = text.Split('\n');
        var wanted = Old.Split('\n').Select(Squeezed).ToArray();
        for (var i = 0; i + wanted.Length <= lines.Length; i++)
        {
            if (!wanted.Where((line, n) => line != Squeezed(lines[i + n])).Any())
                return $"'old_string' is not in '{subject}', but with other white space it is at line {i + 1}: read it there and take it exactly.";
        }

        var first = wanted.FirstOrDefault(static line => line.Length > 0);
        var similar = first is null ? [] : Enumerable.Range(0, lines.Length).Where(i => Squeezed(lines[i]) == first).Take(MostLinesTold).Select(static i => i + 1).ToList();
        return similar.Count == 0
            ? $"'old_string' is not in '{subject}': read the file and take the text exactly as it is there."
            : $"'old_string' is not in '{subject}'. Its first line is there (line {string.Join(", ", similar)}), but what follows differs: read it there.";
    }

    private static string Squeezed(string line) => string.Concat(line.Where(static c => !char.IsWhiteSpace(c)));
}
