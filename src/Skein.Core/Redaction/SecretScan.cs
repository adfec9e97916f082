using System.Buffers;

namespace Skein.Core.Redaction;

/// <summary>Finds secrets in text: one vectorised pass for the anchors of a set of rules, a closer look only where one stands. Safe for use by many threads.</summary>
internal sealed class SecretScan
{
    private readonly SearchValues<string> _anchors;
    private readonly Dictionary<char, (string Anchor, SecretRule Rule)[]> _rules;

    public SecretScan(IReadOnlyList<SecretRule> rules)
    {
        var anchored = rules.SelectMany(rule => rule.Anchors.Select(anchor => (Anchor: anchor, Rule: rule))).ToList();
        _anchors = SearchValues.Create([.. anchored.Select(a => a.Anchor).Distinct()], StringComparison.Ordinal);
        _rules = anchored.GroupBy(a => a.Anchor[0]).ToDictionary(g => g.Key, g => g.ToArray());
    }

    /// <summary>Adds the secrets in the text, in any order; they may overlap.</summary>
    /// <param name="from">Where to begin; what stands before only tells whether a word begins here.</param>
    public void Find(ReadOnlySpan<char> text, int from, ref List<Secret>? found)
    {
        while (text[from..].IndexOfAny(_anchors) is var next and >= 0)
        {
            var at = from + next;
            foreach (var (anchor, rule) in _rules[text[at]])
            {
                if (!text[at..].StartsWith(anchor, StringComparison.Ordinal))
                    continue;

                // The same look-ahead everywhere, so that a stream finds exactly what the whole text would show.
                var seen = text[..Math.Min(text.Length, at + SecretRule.Ahead)];
                if (rule.TryMatch(seen, at, anchor, out var secret))
                    (found ??= []).Add(secret);
            }

            from = at + 1;
        }
    }

    /// <summary>In order, those that overlap made one.</summary>
    public static List<Secret> Merged(List<Secret> found)
    {
        // Where two begin together the longer one names them; the sort is stable, so that else the earlier rule does.
        var ordered = found.OrderBy(s => s.Start).ThenByDescending(s => s.End);
        var merged = new List<Secret>(found.Count);
        foreach (var secret in ordered)
        {
            if (merged.Count > 0 && merged[^1] is var last && secret.Start < last.End)
                merged[^1] = last with { Anchor = Math.Min(last.Anchor, secret.Anchor), End = Math.Max(last.End, secret.End) };
            else
                merged.Add(secret);
        }

        return merged;
    }
}
