using System.Text.Json.Serialization;
using Skein.Agent.Settings;

namespace Skein.Agent.Mcp;

/// <summary>
/// The servers of projects' <c>.mcp.json</c> that the user agreed to: by folder and by what each does, so that one that changed is asked
/// about again. One file in Skein's home, read anew every time. Safe for use by many threads.
/// </summary>
/// <param name="home">Skein's home folder; made where it is missing.</param>
public sealed class McpConsents(string home) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1);
    private readonly string _path = Path.Combine(home, "mcp.json");

    /// <exception cref="Skein.Core.DamagedException">The file cannot be read or understood.</exception>
    public async Task<bool> HasAsync(string folder, McpServer server, CancellationToken cancellationToken) =>
        (await ReadAsync(cancellationToken)).Allowed.Contains(Mark(folder, server));

    /// <summary>Agrees; completes once that is written.</summary>
    public async Task AllowAsync(string folder, McpServer server, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            var before = await ReadAsync(cancellationToken);
            await PrivateFile.WriteAsync(_path, new McpConsentFile([.. before.Allowed.Append(Mark(folder, server)).Distinct()]), McpJson.Default.McpConsentFile, cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose() => _writing.Dispose();

    private async Task<McpConsentFile> ReadAsync(CancellationToken cancellationToken) =>
        await PrivateFile.ReadAsync(_path, McpJson.Default.McpConsentFile, cancellationToken) ?? new McpConsentFile([]);

    private static string Mark(string folder, McpServer server) => $"{server.Fingerprint} {folder}";
}

internal sealed record McpConsentFile(IReadOnlyList<string> Allowed);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(McpConsentFile))]
internal sealed partial class McpJson : JsonSerializerContext;
