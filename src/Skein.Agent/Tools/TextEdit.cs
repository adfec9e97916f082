namespace Skein.Agent.Tools;

/// <summary>Replaces text in a text; what cannot be done is said so that the next try can succeed.</summary>
/// <param name="Old">Not empty.</param>
internal sealed record TextEdit(string Old, string New, bool All)
{
    private const int MostLinesTold = 20;
    private const int MostPlacesShown = 5;

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
            var lines = Places(text, edit.Old).Take(MostLinesTold).Select(at => LineOf(text, at)).ToList();
            var all = text.Split('\n');
            throw new ToolInputException(
                $"'old_string' is in '{subject}' {count} times (lines {string.Join(", ", lines)}{(count > MostLinesTold ? ", …" : "")}): "
                + "take more of the lines around it, so that it is there once, or set 'replace_all'. The first are:"
                + string.Concat(lines.Distinct().Take(MostPlacesShown).Select(line => LikeLines.Show(all, line - 1, 1))));
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
        var wanted = Old.Split('\n');
        var squeezed = wanted.Select(Squeezed).ToArray();
        for (var i = 0; i + wanted.Length <= lines.Length; i++)
        {
            if (!squeezed.Where((line, n) => line != Squeezed(lines[i + n])).Any())
                return $"'old_string' is not in '{subject}', but with other white space it is at line {i + 1}. Take it exactly as it is there:{LikeLines.Show(lines, i, wanted.Length)}";
        }

        var like = LikeLines.Find(lines, wanted);
        return like < 0
            ? $"'old_string' is not in '{subject}', nor anything like it: read the file and take the text exactly as it is there."
            : $"'old_string' is not in '{subject}'. What is most like it is at line {like + 1}; take the text exactly as it is there:{LikeLines.Show(lines, like, wanted.Length + 1)}";
    }

    private static string Squeezed(string line) => string.Concat(line.Where(static c => !char.IsWhiteSpace(c)));
}
