using Skein.Sandbox;

namespace Skein.Agent.Tools;

/// <summary>
/// Files by the paths that were judged: a command that runs meanwhile may put a link in the place of a folder at any moment, and is not
/// followed.
/// </summary>
internal static class JudgedFile
{
    /// <param name="path">Absolute, without links.</param>
    /// <exception cref="IOException">It cannot be opened, or is not what was judged any more.</exception>
    public static FileStream OpenRead(string path) => RegularFile.OpenRead(path, out _) is { } file
        ? new FileStream(file, FileAccess.Read)
        : throw new IOException("it is no file any more, or a link leads to it now.");

    /// <inheritdoc cref="OpenRead"/>
    public static async Task<byte[]> ReadAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = OpenRead(path);
        using var content = new MemoryStream();
        await file.CopyToAsync(content, cancellationToken);
        return content.ToArray();
    }

    /// <summary>Replaces it as a whole.</summary>
    /// <param name="path">Absolute, without links; its folder is there.</param>
    /// <exception cref="IOException">It cannot be written, or is not what was judged any more.</exception>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        using var folder = HeldFolder.Open(Path.GetDirectoryName(path)!);
        try
        {
            await AtomicFile.WriteAsync(Path.Combine(folder.Path, Path.GetFileName(path)), content, mode: null, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(e.Message.Replace(folder.Path, Path.GetDirectoryName(path), StringComparison.Ordinal), e);
        }
    }
}
