using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skein.Agent.Tools;
using Skein.Core;

namespace Skein.Agent.Settings;

/// <summary>A small JSON file in Skein's home: for the user alone, replaced as a whole, never taken for empty when it cannot be read.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <returns>Null when there is no file.</returns>
    /// <exception cref="DamagedException">It is there and cannot be read or understood.</exception>
    public static async Task<T?> ReadAsync<T>(string path, JsonTypeInfo<T> shape, CancellationToken cancellationToken) where T : class
    {
        try
        {
            var json = await File.ReadAllBytesAsync(path, cancellationToken);
            return JsonSerializer.Deserialize(json, shape) ?? throw new DamagedException($"'{path}' holds null: correct or remove it.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DamagedException($"'{path}' cannot be read: {e.Message} Correct or remove it.", e);
        }
    }

    /// <summary>Makes a folder for the user alone where it is missing.</summary>
    public static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
    }

    public static async Task WriteAsync<T>(string path, T content, JsonTypeInfo<T> shape, CancellationToken cancellationToken)
    {
        MakeFolder(Path.GetDirectoryName(path)!);
        await AtomicFile.WriteAsync(path, JsonSerializer.SerializeToUtf8Bytes(content, shape), OwnerOnly, cancellationToken);
    }
}
