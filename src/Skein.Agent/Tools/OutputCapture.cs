using System.Globalization;
using System.Text;

namespace Skein.Agent.Tools;

/// <summary>
/// What a command wrote, bounded in memory: the beginning and the end stay, all of it goes to a temporary file once it is larger. One
/// writer.
/// </summary>
internal sealed class OutputCapture : IAsyncDisposable
{
    /// <summary>Bytes that are kept in memory whole.</summary>
    public const int MostInMemory = 1 << 20;

    /// <summary>
    /// Bytes of a larger output that are kept for the model, of the beginning and of the end each. More than it is shown in the end: half
    /// a secret may stand where this cuts, which could not be told for one.
    /// </summary>
    public const int Shown = 96 * 1024;

    /// <summary>Bytes after which a command is ended: it would fill the disk.</summary>
    public const long Most = 64L << 20;

    private readonly MemoryStream _memory = new();
    private readonly byte[] _end = new byte[Shown];
    private FileStream? _file;

    public long Length { get; private set; }

    /// <summary>Keeps what was read. Not to be cancelled: half of it would not do.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_file is null && Length + bytes.Length > MostInMemory)
        {
            _file = OpenTemporary();
            await _file.WriteAsync(_memory.GetBuffer().AsMemory(0, (int)_memory.Length), CancellationToken.None);

            // The beginning to show stays in memory, also where one piece is too large at once.
            _memory.Write(bytes.Span[..Math.Clamp(Shown - (int)_memory.Length, 0, bytes.Length)]);
        }

        if (_file is null)
            _memory.Write(bytes.Span);
        else
            await _file.WriteAsync(bytes, CancellationToken.None);

        // A ring: the byte at position p of the output is at p modulo its size.
        var last = bytes.Length > Shown ? bytes[^Shown..] : bytes;
        var at = (int)((Length + bytes.Length - last.Length) % Shown);
        var first = Math.Min(last.Length, Shown - at);
        last.Span[..first].CopyTo(_end.AsSpan(at));
        last.Span[first..].CopyTo(_end);
        Length += bytes.Length;
    }

    /// <summary>The output as text; of a large one its beginning and its end.</summary>
    public string Text()
    {
        if (_file is null)
            return Encoding.UTF8.GetString(_memory.GetBuffer(), 0, (int)_memory.Length);

        var middle = (int)(Length % Shown);
        var end = Encoding.UTF8.GetString([.. _end.AsSpan(middle), .. _end.AsSpan(0, middle)]);
        var start = Encoding.UTF8.GetString(_memory.GetBuffer(), 0, Shown);
        return string.Create(CultureInfo.InvariantCulture, $"{start}\n… ({Length - 2 * Shown} bytes left out) …\n{end}");
    }

    /// <summary>All of a large output, from its beginning; the caller disposes it and the file is gone. Null: the text is all.</summary>
    public Stream? TakeWhole()
    {
        var file = _file;
        if (file is null)
            return null;

        _file = null;
        file.Position = 0;
        return file;
    }

    public async ValueTask DisposeAsync()
    {
        if (_file is not null)
            await _file.DisposeAsync();
    }

    /// <summary>A file for the user alone, gone when it is closed.</summary>
    public static FileStream OpenTemporary()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        return new FileStream(Path.Combine(Path.GetTempPath(), $"skein-output-{Guid.NewGuid():N}"), options);
    }
}
