using System.Text.Json.Serialization;
using Skein.Sandbox;

namespace Skein.Agent.Settings;

/// <summary>
/// The folders whose files may widen what Skein does, because their user said so: by real path, each with all below it. One file in
/// Skein's home, read anew every time, since another process may change it. Safe for use by many threads.
/// </summary>
/// <param name="home">Skein's home folder; made where it is missing.</param>
public sealed class TrustedFolders(string home) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1);
    private readonly string _path = Path.Combine(home, "trust.json");

    /// <summary>The trusted folders in the order of their paths.</summary>
    /// <exception cref="Skein.Core.DamagedException">The file cannot be read or understood.</exception>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken) =>
        (await PrivateFile.ReadAsync(_path, TrustJson.Default.TrustFile, cancellationToken))?.Folders ?? [];

    /// <summary>Whether a folder, or one above it, is trusted.</summary>
    /// <exception cref="Skein.Core.DamagedException">The file cannot be read or understood.</exception>
    public async Task<bool> IsTrustedAsync(string folder, CancellationToken cancellationToken)
    {
        var real = RealPath.Of(folder);
        return (await ListAsync(cancellationToken)).Any(trusted => RealPath.IsWithin(trusted, real));
    }

    /// <summary>Trusts a folder and all below it; completes once that is written.</summary>
    public Task TrustAsync(string folder, CancellationToken cancellationToken) =>
        ChangeAsync(folder, static (folders, real) => [.. folders.Append(real).Distinct().Order(StringComparer.Ordinal)], cancellationToken);

    /// <summary>Takes the trust back.</summary>
    /// <returns>False: the folder itself was not trusted; one above it may be, and then it still is.</returns>
    public Task<bool> UntrustAsync(string folder, CancellationToken cancellationToken) =>
        ChangeAsync(folder, static (folders, real) => [.. folders.Where(f => f != real)], cancellationToken);

    public void Dispose() => _writing.Dispose();

    private async Task<bool> ChangeAsync(
        string folder, Func<IReadOnlyList<string>, string, IReadOnlyList<string>> change, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            var before = await ListAsync(cancellationToken);
            var after = change(before, RealPath.Of(folder));
            if (after.SequenceEqual(before))
                return false;

            await PrivateFile.WriteAsync(_path, new TrustFile(after), TrustJson.Default.TrustFile, cancellationToken);
            return true;
        }
        finally
        {
            _writing.Release();
        }
    }
}

internal sealed record TrustFile(IReadOnlyList<string> Folders);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TrustFile))]
internal sealed partial class TrustJson : JsonSerializerContext;
