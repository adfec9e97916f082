using System.Security.Cryptography;
using System.Text;

namespace Skein.Agent.Mcp;

/// <summary>A server of tools that speaks the Model Context Protocol: a program (stdio) or an address (streamable HTTP).</summary>
/// <param name="Name">Lower-case letters, digits, '-' and '_'.</param>
/// <param name="Command">The program and its arguments; empty: it has an address.</param>
/// <param name="Environment">Beside what every tool sees.</param>
/// <param name="Url">Its address; null: it is a program.</param>
/// <param name="Key">The name of the stored key that is sent to the address as a bearer token.</param>
/// <param name="TimeoutSeconds">How long a call may take without a word of its progress.</param>
/// <param name="Sandbox">The program is confined as commands are.</param>
public sealed record McpServer(
    string Name, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, Uri? Url, IReadOnlyDictionary<string, string> Headers,
    string? Key, int TimeoutSeconds, bool Sandbox = false)
{
    public const int DefaultTimeoutSeconds = 60;

    /// <summary>Tells it from one that does something else: 64 hex digits.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0',
    [
        Name, .. Command, "", .. Pairs(Environment), "", Url?.OriginalString ?? "", .. Pairs(Headers), "", Key ?? "", .. Sandbox ? ["sandbox"] : Array.Empty<string>(),
    ]))));

    /// <summary>For people: what is started, or where it is.</summary>
    public string Where => Url?.OriginalString ?? string.Join(' ', Command);

    private static IEnumerable<string> Pairs(IReadOnlyDictionary<string, string> all) =>
        all.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}");
}
