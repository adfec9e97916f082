using System.Text;

namespace Skein.Agent.Tools;

/// <summary>A text file as it is on the disk: what its encoding was is kept for writing it again.</summary>
internal sealed record TextFile(string Text, Encoding Encoding, bool HasMark)
{
    /// <summary>Bytes above which a file is not held in memory.</summary>
    public const long MostBytes = 32 << 20;

    private const int Looked = 8192;
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads all of a file that is to be changed.</summary>
    /// <exception cref="ToolInputException">It is missing, a folder, too large or no text.</exception>
    public static async Task<TextFile> ReadAsync(ToolPath path, CancellationToken cancellationToken)
    {
        var size = Size(path);
        if (size > MostBytes)
            throw new ToolInputException($"'{path.Subject}' has {size} bytes, more than the {MostBytes} that this tool can change.");

        try
        {
            var bytes = size == 0 ? [] : await JudgedFile.ReadAsync(path.Real, cancellationToken);
            var encoding = DetectMark(bytes);
            var text = (encoding ?? s_utf8).GetString(bytes.AsSpan(encoding?.Preamble.Length ?? 0));
            if (encoding is null && text.Contains('\0'))
                throw NoText(path);

            return new TextFile(text, encoding ?? s_utf8, encoding is not null);
        }
        catch (DecoderFallbackException)
        {
            throw NoText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolInputException($"'{path.Subject}' cannot be read: {e.Message}");
        }
    }

    /// <summary>
    /// Opens a text for reading; the caller disposes the reader. Bytes that are no UTF-8 are read as U+FFFD. What the system says is empty is
    /// not opened: a pipe or a device would block for ever.
    /// </summary>
    /// <returns>Null where it is binary.</returns>
    public static async Task<StreamReader?> OpenAsync(string path, CancellationToken cancellationToken)
    {
        if (IsEmpty(path))
            return new StreamReader(Stream.Null);

        var stream = JudgedFile.OpenRead(path);
        var isText = false;
        try
        {
            var start = new byte[Looked];
            var read = await stream.ReadAtLeastAsync(start, Looked, throwOnEndOfStream: false, cancellationToken);
            isText = !IsBinary(start.AsSpan(0, read));
            stream.Position = 0;
            return isText ? new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true) : null;
        }
        finally
        {
            if (!isText)
                await stream.DisposeAsync();
        }
    }

    /// <summary>Whether the system says that a file is empty, or it is none: a pipe, a device. The kernel's own files say so without being it.</summary>
    public static bool IsEmpty(string path) => new FileInfo(path) is { Exists: true, Length: 0 } && !IsOfKernel(path);

    /// <summary>Whether the kernel makes it up when it is read, and tells no size before.</summary>
    public static bool IsOfKernel(string path) => path.StartsWith("/proc/", StringComparison.Ordinal) || path.StartsWith("/sys/", StringComparison.Ordinal);

    /// <summary>The size of a file; 0 also for what is no regular one.</summary>
    /// <exception cref="ToolInputException">It is missing or a folder.</exception>
    public static long Size(ToolPath path)
    {
        if (Directory.Exists(path.Real))
            throw new ToolInputException($"'{path.Subject}' is a folder: use the tool 'list' to see what is in it.");

        var file = new FileInfo(path.Real);
        return file.Exists ? file.Length : throw new ToolInputException($"There is no file '{path.Subject}'.");
    }

    /// <summary>Whether it is no text, as git decides it: a byte 0 near its start, without a mark that tells of UTF-16.</summary>
    public static bool IsBinary(ReadOnlySpan<byte> start) => DetectMark(start) is null && start[..Math.Min(Looked, start.Length)].Contains((byte)0);

    public static bool IsUtf16(ReadOnlySpan<byte> start) => DetectMark(start) is UnicodeEncoding;

    /// <summary>The same bytes, but for the mark of UTF-8 before them.</summary>
    public static Span<byte> WithoutMark(Span<byte> start) => DetectMark(start) is UTF8Encoding mark ? start[mark.Preamble.Length..] : start;

    public byte[] Encode(string text) => HasMark ? [.. Encoding.GetPreamble(), .. Encoding.GetBytes(text)] : Encoding.GetBytes(text);

    private static ToolInputException NoText(ToolPath path) =>
        new($"'{path.Subject}' is no UTF-8 text: changing it here would damage it. Use a command with 'bash'.");

    private static Encoding? DetectMark(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xef, 0xbb, 0xbf, ..] => new UTF8Encoding(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true),
        [0xff, 0xfe, ..] => new UnicodeEncoding(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true),
        [0xfe, 0xff, ..] => new UnicodeEncoding(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true),
        _ => null,
    };
}
