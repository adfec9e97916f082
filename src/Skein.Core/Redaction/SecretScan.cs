using System.Buffers;

namespace Skein.Core.Redaction;

/// <summary>Finds secrets in text: a few vectorised passes for the anchors of a set of rules, a closer look only where one stands. Safe for use by many threads.</summary>
internal sealed class SecretScan
{
    // Measured: few enough that hardly any place looks like the begin of one of them. All in one pass are ten times slower.
    private const int AnchorsOfPass = 22;

    private readonly SearchValues<string>[] _passes;
    private readonly Dictionary<char, (string Anchor, SecretRule Rule)[]> _rules;

    public SecretScan(IReadOnlyList<SecretRule> rules)
    {
        var anchored = rules.SelectMany(rule => rule.Anchors.Select(anchor => (Anchor: anchor, Rule: rule))).ToList();
        // In order, so that those that begin alike come together.
        _passes =
        [
            .. anchored.Select(a => a.Anchor).Distinct().Order(StringComparer.Ordinal).Chunk(AnchorsOfPass)
                .Select(anchors => SearchValues.Create(anchors, StringComparison.Ordinal)),
        ];
        _rules = anchored.GroupBy(a => a.Anchor[0]).ToDictionary(g => g.Key, g => g.ToArray());
    }

    /// <summary>Adds the secrets in the text, in any order; they may overlap.</summary>
    /// <param name="from">Where to begin; what stands before only tells whether a word begins here.</param>
    public void Find(ReadOnlySpan<char> text, int from, ref List<Secret>? found)
    {
        foreach (var anchors in _passes)
        {
            var at = from - 1;
            while (text[(at + 1)..].IndexOfAny(anchors) is var next and >= 0)
            {
                at += 1 + next;
                Match(text, at, ref found);
            }
        }
    }

    /// <summary>In order, those that overlap made one.</summary>
    public static List<Secret> Merged(List<Secret> found)
    {
        // Where two begin together the longer one names them.
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

    private void Match(ReadOnlySpan<char> text, int at, ref List<Secret>? found)
    {
        // The same look-ahead everywhere, so that a stream finds exactly what the whole text would show.
        var seen = text[..Math.Min(text.Length, at + SecretRule.Ahead)];
        foreach (var (anchor, rule) in _rules[text[at]])
        {
            if (seen[at..].StartsWith(anchor, StringComparison.Ordinal) && rule.TryMatch(seen, at, anchor, out var secret))
                (found ??= []).Add(secret);
        }
    }
}
