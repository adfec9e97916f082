using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Skein.Agent.Checkpoints;

/// <summary>
/// Writes objects as git does, a file each. One that is cut off by a kill is never under an object's name; git's <c>prune</c> takes it away.
/// Safe for use by many threads.
/// </summary>
/// <param name="folder">The repository's <c>objects</c>.</param>
internal sealed class LooseObjects(string folder)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Writes an object, where it is not there as a file.</summary>
    /// <param name="time">Now.</param>
    /// <returns>Its name.</returns>
    public string Write(string kind, ReadOnlySpan<byte> content, DateTimeOffset time)
    {
        var head = Encoding.ASCII.GetBytes($"{kind} {content.Length}\0");
        var name = NameOf(head, content);
        var path = Path.Combine(folder, name[..2], name[2..]);
        if (File.Exists(path))
        {
            // As if it were new: a collection at this moment deletes what is old and not kept yet.
            File.SetLastWriteTimeUtc(path, time.UtcDateTime);
            return name;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var unfinished = Path.Combine(folder, name[..2], $"tmp_obj_{Guid.NewGuid():N}");
        using (var file = new FileStream(unfinished, NewFile(Mode)))
        using (var packed = new ZLibStream(file, CompressionLevel.Fastest))
        {
            packed.Write(head);
            packed.Write(content);
        }

        File.Move(unfinished, path, overwrite: true);
        return name;
    }

    public static FileStreamOptions NewFile(UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        return options;
    }

    [SuppressMessage("Security", "CA5350", Justification = "Git names objects by it; nobody is kept out by it.")]
    private static string NameOf(byte[] head, ReadOnlySpan<byte> content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(head);
        hash.AppendData(content);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
