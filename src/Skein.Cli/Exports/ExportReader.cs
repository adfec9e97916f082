using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Cli.Exports;

/// <summary>Reads what <see cref="ExportWriter"/> wrote. Anybody may have written the file: every line is checked before it counts.</summary>
/// <param name="name">The file, for errors.</param>
internal sealed class ExportReader(TextReader text, string name)
{
    private readonly Transcript _transcript = new();
    private readonly HashSet<string> _needed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _had = new(StringComparer.Ordinal);
    private int _line;
    private long _events;
    private long _seq;

    /// <summary>The session as it was exported.</summary>
    public Session Session { get; private set; } = null!;

    /// <summary>Its visible messages.</summary>
    public IReadOnlyList<Message> Messages => _transcript.Messages;

    /// <summary>Blobs that the file names and does not have.</summary>
    public IEnumerable<string> Missing => _needed.Except(_had);

    /// <param name="keep">Takes a blob that is whole: a temporary file of its content, and its media type.</param>
    /// <param name="progress">Is told the characters read.</param>
    /// <exception cref="ExportException">A line is damaged, or the file is no export; it names the line.</exception>
    public async Task ReadAsync(Func<string, string, CancellationToken, Task<BlobRef>> keep, Action<long> progress, CancellationToken cancellationToken)
    {
        await ReadHeadAsync(cancellationToken);
        var read = 0L;
        await using var blobs = new BlobPieces();
        while (await NextAsync(cancellationToken) is { } line)
        {
            progress(read += line.Length);
            var json = Open(line);
            var kind = Text(json, "type");
            if (json.TryGetProperty("seq", out _))
                TakeEvent(line);
            else if (kind == "blob")
                await TakeBlobAsync(json, blobs, keep, cancellationToken);
            else if (kind == "end")
            {
                await TakeEndAsync(json, blobs, cancellationToken);
                return;
            }
            else
                throw Wrong($"is of a type '{kind}' that is not known: a later Skein may have written it");
        }

        throw Wrong("is missing: the file was cut off", _line + 1);
    }

    private async Task ReadHeadAsync(CancellationToken cancellationToken)
    {
        const string Foreign = "is not the first line of a Skein export (skein export SESSION --format skein)";
        var line = await NextAsync(cancellationToken) ?? throw new ExportException(name, 1, "is missing: the file is empty");
        JsonElement head;
        try
        {
            head = JsonElement.Parse(line);
        }
        catch (JsonException)
        {
            throw Wrong(Foreign);
        }

        if (head.ValueKind != JsonValueKind.Object || Text(head, "type") != ExportWriter.Format)
            throw Wrong(Foreign);
        if (Number(head, "version") is not (>= 1 and <= ExportWriter.Version))
            throw Wrong($"names the format's version {(head.TryGetProperty("version", out var version) ? version.GetRawText() : "not")}; this program knows {ExportWriter.Version}");
        head = Open(line);
        try
        {
            Session = head.GetProperty("session").Deserialize(SkeinJson.Relaxed.Session) ?? throw Wrong("has no session");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            throw Wrong($"tells of no session: {e.Message}");
        }
    }

    private void TakeEvent(string line)
    {
        SessionEvent e;
        try
        {
            e = EventCodec.Decode(Encoding.UTF8.GetBytes(line), Session.Id);
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException)
        {
            throw Wrong($"is no event: {error.Message}");
        }

        if (e.Seq <= _seq)
            throw Wrong($"has the event {e.Seq} after {_seq}: they must rise");
        _seq = e.Seq;
        _events++;
        foreach (var blob in NamedBlobs.Of(e.Body))
            _needed.Add(blob.Sha256);
        _transcript.Apply(e);
    }

    private async Task TakeBlobAsync(
        JsonElement json, BlobPieces blobs, Func<string, string, CancellationToken, Task<BlobRef>> keep, CancellationToken cancellationToken)
    {
        if (Text(json, "sha256") is not { } sha256 || !_needed.Contains(sha256) || _had.Contains(sha256))
            throw Wrong("has a blob that no event before it names, or a second time");
        if (json.TryGetProperty("missing", out _))
            return;
        if (!json.TryGetProperty("base64", out var base64) || base64.ValueKind != JsonValueKind.String || !base64.TryGetBytesFromBase64(out var bytes))
            throw Wrong("has a blob without content");
        if (!await blobs.TryAddAsync(sha256, bytes, cancellationToken))
            throw Wrong($"has a piece of another blob before {blobs.Current} is whole");
        if (!json.TryGetProperty("last", out _))
            return;

        var (path, hash) = await blobs.FinishAsync();
        if (hash != sha256)
            throw Wrong($"ends blob {sha256}, whose content is that of {hash}");
        var kept = await keep(path, Text(json, "media_type") ?? "", cancellationToken);
        _had.Add(kept.Sha256);
    }

    private async Task TakeEndAsync(JsonElement json, BlobPieces blobs, CancellationToken cancellationToken)
    {
        var events = Number(json, "events");
        if (events != _events || blobs.Current is not null)
            throw Wrong($"says that there are {events?.ToString(CultureInfo.InvariantCulture) ?? "who knows how many"} events before it, but there are {_events}, or a blob is not whole");
        if (await NextAsync(cancellationToken) is not null)
            throw Wrong("comes after the end");
    }

    private async Task<string?> NextAsync(CancellationToken cancellationToken)
    {
        var line = await text.ReadLineAsync(cancellationToken);
        if (line is not null)
            _line++;
        return line;
    }

    private JsonElement Open(string line)
    {
        if (!LogLine.IsSealed(Encoding.UTF8.GetBytes(line)))
            throw Wrong("is damaged: its checksum does not fit");
        try
        {
            return JsonElement.Parse(line);
        }
        catch (JsonException e)
        {
            throw Wrong($"is no JSON: {e.Message}");
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    private ExportException Wrong(string what, int? line = null) => new(name, line ?? _line, what);

    /// <summary>A blob that arrives in pieces, in a temporary file.</summary>
    private sealed class BlobPieces : IAsyncDisposable
    {
        private readonly string _path = Path.Combine(Path.GetTempPath(), $"skein-import-{Guid.NewGuid():N}");
        private IncrementalHash? _hash;
        private FileStream? _file;

        public string? Current { get; private set; }

        /// <returns>False: another blob is not whole yet.</returns>
        public async Task<bool> TryAddAsync(string sha256, byte[] bytes, CancellationToken cancellationToken)
        {
            if (Current is not null && Current != sha256)
                return false;
            if (Current is null)
            {
                var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                _file = new FileStream(_path, options);
                _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                Current = sha256;
            }

            _hash!.AppendData(bytes);
            await _file!.WriteAsync(bytes, cancellationToken);
            return true;
        }

        public async Task<(string Path, string Hash)> FinishAsync()
        {
            await _file!.DisposeAsync();
            Current = null;
            using (_hash)
                return (_path, Convert.ToHexStringLower(_hash!.GetHashAndReset()));
        }

        public async ValueTask DisposeAsync()
        {
            if (_file is not null)
                await _file.DisposeAsync();
            _hash?.Dispose();
            File.Delete(_path);
        }
    }
}

/// <summary>A file is no export, or is damaged.</summary>
internal sealed class ExportException(string file, int line, string what) : SkeinException("export", $"{file}: line {line} {what}. Nothing was imported.");
