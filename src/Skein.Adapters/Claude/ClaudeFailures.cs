using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Claude;

/// <summary>What a turn's result means where it did not go well.</summary>
internal static class ClaudeFailures
{
    private const int Shown = 1000;

    /// <param name="error">What an answer in the turn was marked with; null: none was.</param>
    /// <returns>Null: the turn went well.</returns>
    public static TurnFailure? Of(string agent, JsonElement result, string? error)
    {
        var isError = result.Find("is_error") is { ValueKind: JsonValueKind.True };
        if (!isError && result.Text("subtype") is null or "success")
            return null;

        var said = result.Items("errors").Select(e => e.ValueKind == JsonValueKind.String ? e.GetString()! : e.GetRawText()).ToList();
        if (result.Text("result") is { Length: > 0 } text)
            said.Add(text);
        if (said.Count == 0)
            said.Add(result.Text("terminal_reason") ?? result.Text("subtype") ?? "it does not say why");
        var whole = string.Join("; ", said).ReplaceLineEndings(" ");
        var kind = result.Number("api_error_status") is { } status ? FailureWords.KindOf(status, whole) : FailureWords.KindOf($"{error} {whole}");
        var login = kind == FailureKind.Auth ? $" Log in by 'claude /login', or set ANTHROPIC_API_KEY where the server starts." : "";
        return new TurnFailure(kind, agent, $"{agent}: {(whole.Length <= Shown ? whole : whole[..Shown] + "…")}{login}");
    }
}
