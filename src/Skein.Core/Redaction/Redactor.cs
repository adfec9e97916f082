using System.Text;
using System.Text.Json;

namespace Skein.Core.Redaction;

/// <summary>
/// Takes secrets out of what tools print and are given, before it is kept: each becomes <c>[redacted: kind]</c>. The rules are those of
/// <c>docs/redaction.md</c>. What it has redacted it leaves as it is when it sees it again. Safe for use by many threads.
/// </summary>
public sealed class Redactor
{
    // Names whose value is told only together with them: {"secretAccessKey": "…"}.
    private const int LongestInContext = 8 * 1024;

    private readonly Lazy<Scans> _scans;

    private Redactor(IReadOnlyList<string> values, bool isOn)
    {
        IsOn = isOn;
        _scans = new Lazy<Scans>(() => new Scans(values));
    }

    /// <summary>Leaves everything as it is.</summary>
    public static Redactor Off { get; } = new([], isOn: false);

    /// <summary>Knows the rules, but no environment.</summary>
    public static Redactor RulesOnly { get; } = new([], isOn: true);

    public bool IsOn { get; }

    /// <summary>Knows the rules, and the values of an environment whose names say that they are secret.</summary>
    /// <param name="alsoSecret">Variables that hold secrets whatever they are called.</param>
    public static Redactor For(IEnumerable<KeyValuePair<string, string>> environment, IEnumerable<string> alsoSecret) =>
        new(EnvironmentSecrets.Of(environment, alsoSecret), isOn: true);

    /// <summary>The mark that stands where a secret stood.</summary>
    public static string Mark(string kind) => $"[redacted: {kind}]";

    /// <summary>The text without its secrets; the same string where there are none.</summary>
    public string Redact(string text) => Redact(text, new RedactionCounts());

    internal string Redact(string text, RedactionCounts counts)
    {
        if (!IsOn || Find(text, isBytes: false) is not { } secrets)
            return text;

        var clean = new StringBuilder(text.Length);
        var at = 0;
        foreach (var secret in secrets)
        {
            clean.Append(text, at, secret.Start - at).Append(Mark(secret.Kind));
            counts.Add(secret.Kind);
            at = secret.End;
        }

        return clean.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>A value that stands under a name, which may be what tells that it is a secret.</summary>
    internal string Redact(string name, string value, RedactionCounts counts)
    {
        var clean = Redact(value, counts);
        if (!IsOn || !ReferenceEquals(clean, value) || value.Length > LongestInContext)
            return clean;

        var (named, found) = ($"{name}=", new RedactionCounts());
        var both = Redact(named + value, found);
        if (!found.Any || !both.StartsWith(named, StringComparison.Ordinal))
            return clean;

        counts.Add(found);
        return both[named.Length..];
    }

    /// <summary>JSON without the secrets in its strings and names; the same element where there are none.</summary>
    internal JsonElement Redact(JsonElement json, RedactionCounts counts) => IsOn ? JsonRedaction.Of(this, json, counts) : json;

    /// <summary>Whether content of a type may hold text at all. In pictures, sound and archives a match would be chance.</summary>
    internal static bool MayHoldText(string mediaType)
    {
        var type = mediaType.Split(';')[0].Trim().ToLowerInvariant();
        if (type == "image/svg+xml")
            return true;

        return type.Split('/')[0] is not ("image" or "audio" or "video" or "font")
            && type is not ("application/pdf" or "application/zip" or "application/gzip" or "application/x-tar" or "application/x-bzip2"
                or "application/x-xz" or "application/zstd" or "application/wasm");
    }

    /// <param name="isBytes">The characters are bytes, one each.</param>
    /// <param name="from">Where to begin; what stands before was looked at already.</param>
    /// <returns>In order and apart from each other; null for none.</returns>
    internal List<Secret>? Find(ReadOnlySpan<char> text, bool isBytes, int from = 0)
    {
        List<Secret>? found = null;
        _scans.Value.Rules.Find(text, from, ref found);
        (isBytes ? _scans.Value.ValuesAsBytes : _scans.Value.Values)?.Find(text, from, ref found);
        return found is null ? null : SecretScan.Merged(found);
    }

    // Made when first needed: a server that idles has nothing to look for.
    private sealed class Scans(IReadOnlyList<string> values)
    {
        // The same for all; the field of a nested type, so that it too is made when first needed.
        private static readonly SecretScan s_rules = new(SecretRules.All);

        public SecretScan Rules { get; } = s_rules;

        public SecretScan? Values { get; } = Of(values);

        public SecretScan? ValuesAsBytes { get; } = Of([.. values.Select(EnvironmentSecrets.AsBytes)]);

        private static SecretScan? Of(IReadOnlyList<string> values) =>
            values.Count == 0 ? null : new SecretScan([new LiteralRule(SecretRules.Environment, values)]);
    }
}
