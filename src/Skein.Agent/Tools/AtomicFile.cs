using System.Text;

namespace Skein.Agent.Tools;

/// <summary>Replaces a file as a whole: whoever reads it finds the old content or the new, never a part.</summary>
public static class AtomicFile
{
    public static Task WriteAsync(string path, string content, UnixFileMode? mode, CancellationToken cancellationToken) =>
        WriteAsync(path, Encoding.UTF8.GetBytes(content), mode, cancellationToken);

    /// <param name="path">Without links, else the link would be replaced.</param>
    /// <param name="mode">Null: that of the file as it is, or what the system gives new files.</param>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> content, UnixFileMode? mode, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            mode ??= File.Exists(path) ? File.GetUnixFileMode(path) : null;
            options.UnixCreateMode = mode;
        }

        // In the same folder, so that the rename stays within one file system.
        var temporary = Path.Combine(Path.GetDirectoryName(path)!, $".skein-{Guid.NewGuid():N}.tmp");
        try
        {
            await using (var file = new FileStream(temporary, options))
            {
                await file.WriteAsync(content, cancellationToken);
            }

            // The mode a file is made with is cut by the umask.
            if (!OperatingSystem.IsWindows() && mode is { } wanted)
                File.SetUnixFileMode(temporary, wanted);

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
