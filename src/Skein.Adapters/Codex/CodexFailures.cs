using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Codex;

/// <summary>What Codex's errors mean: it has a word for most, and the status of the provider's answer for others.</summary>
internal static class CodexFailures
{
    private const int Shown = 1000;

    /// <param name="error">Of a turn, or of an answer.</param>
    public static TurnFailure Of(string agent, JsonElement error)
    {
        var kind = KindOf(error);
        var login = kind == FailureKind.Auth ? " Log in by 'codex login', or set OPENAI_API_KEY where the server starts." : "";
        return new TurnFailure(kind, agent, $"{agent}: {TextOf(error)}{login}");
    }

    /// <summary>The error in its own words, with what stands beside its message.</summary>
    public static string TextOf(JsonElement error)
    {
        var message = error.Text("message") ?? error.GetRawText();
        var more = error.Text("additionalDetails") ?? error.Find("data")?.Text("message");
        var whole = (more is null || message.Contains(more, StringComparison.Ordinal) ? message : $"{message}: {more}").ReplaceLineEndings(" ");
        return whole.Length <= Shown ? whole : whole[..Shown] + "…";
    }

    public static FailureKind KindOf(JsonElement error) => error.Find("codexErrorInfo") switch
    {
        { ValueKind: JsonValueKind.String } word => KindOf(word.GetString()!, TextOf(error)),
        { ValueKind: JsonValueKind.Object } told when told.EnumerateObject().FirstOrDefault().Value is { ValueKind: JsonValueKind.Object } inner =>
            inner.Number("httpStatusCode") is { } status ? FailureWords.KindOf(status, TextOf(error)) : FailureKind.Network,
        _ => FailureWords.KindOf(TextOf(error)),
    };

    /// <summary>Whether the model that was asked for is not there.</summary>
    public static bool IsOfModel(JsonElement error) => error.Text("codexErrorInfo") == "modelNotFound";

    private static FailureKind KindOf(string word, string text) => word switch
    {
        "contextWindowExceeded" => FailureKind.Overflow,
        "usageLimitExceeded" or "rateLimitExceeded" or "sessionBudgetExceeded" => FailureKind.Quota,
        "serverOverloaded" or "internalServerError" or "policyCapacityUnavailable" or "flexUnavailable" => FailureKind.Overload,
        "unauthorized" => FailureKind.Auth,
        "badRequest" or "modelNotFound" or "cyberPolicy" or "misalignmentPolicyViolation" => FailureKind.BadRequest,
        _ => FailureWords.KindOf(text),
    };
}
