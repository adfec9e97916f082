using System.Text.Json.Serialization;
using Skein.Core;

namespace Skein.Agent.Settings;

/// <summary>
/// The keys of providers that their user stored: <c>keys.json</c> in Skein's home, for the user alone. A variable of the environment goes
/// before them. Safe for use by many threads.
/// </summary>
/// <param name="home">Skein's home folder; made where it is missing.</param>
public sealed class ProviderKeys(string home) : IDisposable
{
    public const string FileName = "keys.json";
    private const int LongestKey = 1000;
    private const UnixFileMode Others = (UnixFileMode)0x3f;

    private readonly SemaphoreSlim _writing = new(1);
    private readonly string _path = Path.Combine(home, FileName);

    /// <summary>The keys by their providers' names.</summary>
    /// <exception cref="DamagedException">The file cannot be read or understood, or others can read it too.</exception>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(_path) && (File.GetUnixFileMode(_path) & Others) != 0)
            throw new DamagedException($"'{_path}' holds keys and others may read it: chmod 600 '{_path}', and think of the keys in it as known.");
        return (await PrivateFile.ReadAsync(_path, KeysJson.Default.KeysFile, cancellationToken))?.Keys ?? new Dictionary<string, string>();
    }

    /// <summary>Stores a key in place of the one before; completes once that is written.</summary>
    /// <exception cref="InvalidRequestException">It is no key; the message does not show it.</exception>
    public async Task SetAsync(string provider, string key, CancellationToken cancellationToken)
    {
        if (key.Length is 0 or > LongestKey || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new InvalidRequestException($"That is no key for {provider}: it must be 1 to {LongestKey} printable ASCII characters without spaces, in one line.");
        await ChangeAsync(keys => keys[provider] = key, cancellationToken);
    }

    /// <returns>False: none was stored.</returns>
    public async Task<bool> RemoveAsync(string provider, CancellationToken cancellationToken)
    {
        var removed = false;
        await ChangeAsync(keys => removed = keys.Remove(provider), cancellationToken);
        return removed;
    }

    public void Dispose() => _writing.Dispose();

    private async Task ChangeAsync(Action<SortedDictionary<string, string>> change, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            var keys = new SortedDictionary<string, string>(await ReadAsync(cancellationToken) as IDictionary<string, string> ?? new Dictionary<string, string>(), StringComparer.Ordinal);
            change(keys);
            await PrivateFile.WriteAsync(_path, new KeysFile(new Dictionary<string, string>(keys)), KeysJson.Default.KeysFile, cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }
}

internal sealed record KeysFile(IReadOnlyDictionary<string, string> Keys)
{
    // Never show a key where a record is printed.
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"Keys = {Keys.Count}");
        return true;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(KeysFile))]
[JsonSerializable(typeof(string))]
internal sealed partial class KeysJson : JsonSerializerContext;
