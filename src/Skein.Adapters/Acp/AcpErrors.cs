using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Acp;

/// <summary>What an agent's errors mean. The protocol has one code for "log in first"; the rest is told in words, which differ.</summary>
internal static class AcpErrors
{
    private const long AuthRequired = -32000;
    private const int Shown = 1000;

    /// <summary>The error in its own words, with what stands beside its message.</summary>
    public static string TextOf(JsonElement error)
    {
        var data = error.Find("data");
        var details = data is { ValueKind: JsonValueKind.String } text ? text.GetString() : data?.Text("details") ?? data?.Text("message");
        var message = error.Text("message") ?? error.GetRawText();
        var whole = (details is null || message.Contains(details, StringComparison.Ordinal) ? message : $"{message}: {details}").ReplaceLineEndings(" ");
        return whole.Length <= Shown ? whole : whole[..Shown] + "…";
    }

    /// <param name="error">Null: it answered, but not what the protocol asks for.</param>
    public static TurnFailure FailureOf(string agent, JsonElement? error, AcpAgent about)
    {
        if (error is not { } said)
            return new TurnFailure(FailureKind.Internal, agent, $"{agent} answered with something that the Agent Client Protocol does not know.");

        var text = TextOf(said);
        var code = said.Number("code");
        var kind = code == AuthRequired ? FailureKind.Auth : FailureWords.KindOf($"{code} {text}");
        var logins = kind == FailureKind.Auth && about.Logins.Count > 0 ? $" Log in with the agent itself first ({string.Join("; ", about.Logins)})." : "";
        return new TurnFailure(kind, agent, $"{agent}: {text}{logins}");
    }
}
