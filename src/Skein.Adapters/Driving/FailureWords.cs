using Skein.Core.Events;

namespace Skein.Adapters.Driving;

/// <summary>What kind of failure an agent's own words tell of, where its protocol has no code for that.</summary>
internal static class FailureWords
{
    private static readonly (FailureKind Kind, string[] Words)[] s_words =
    [
        (FailureKind.Auth, ["401", "403", "unauthor", "api key", "api_key", "not logged in", "log in", "login", "authentic", "credential"]),
        (FailureKind.Overflow, ["context length", "context window", "context_length", "context limit", "number of tokens", "too many tokens", "prompt is too long", "maximum context"]),
        (FailureKind.Quota, ["429", "rate limit", "quota", "too many requests", "billing", "credit"]),
        (FailureKind.Overload, ["overloaded", "529", "503", "502", "500", "unavailable"]),
        (FailureKind.Network, ["econnrefused", "enotfound", "etimedout", "fetch failed", "network", "connection"]),
    ];

    public static FailureKind KindOf(string text)
    {
        foreach (var (kind, words) in s_words)
        {
            if (words.Any(word => text.Contains(word, StringComparison.OrdinalIgnoreCase)))
                return kind;
        }

        return FailureKind.Internal;
    }

    /// <param name="status">Of the answer that a model's provider gave.</param>
    public static FailureKind KindOf(long status, string text) => status switch
    {
        401 or 403 => FailureKind.Auth,
        402 or 429 => FailureKind.Quota,
        >= 500 => FailureKind.Overload,
        _ => KindOf(text) is var kind and not FailureKind.Internal ? kind : FailureKind.BadRequest,
    };
}
