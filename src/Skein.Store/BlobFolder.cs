using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Skein.Core;

namespace Skein.Store;

/// <summary>Content by the SHA-256 of its bytes: <c>blobs/ab/abcdef…</c>, stored once.</summary>
internal sealed class BlobFolder(string folder, Disk disk, FlushThreads threads, Durability durability, TimeProvider time)
{
    /// <summary>How the names of content begin that is just arriving.</summary>
    public const string Incoming = ".incoming-";

    private const int Chunk = 64 * 1024;
    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789abcdef");

    // Taken where a blob is given its name or its time, and where it is deleted by them.
    private readonly Lock _naming = new();
    private readonly Folders _folders = new(disk);
    private long _incoming;

    /// <summary>Deletes what a process that died had not finished. Only for the holder of the home.</summary>
    public void Clean()
    {
        foreach (var left in Directory.EnumerateFiles(folder, Incoming + "*"))
            disk.Delete(left);
    }

    /// <exception cref="StoreStoppedException">The disk refused.</exception>
    public async Task<BlobRef> PutAsync(Stream content, string mediaType, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, $"{Incoming}{Interlocked.Increment(ref _incoming)}");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var text = new TextProbe();
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        SafeFileHandle? file = null;
        try
        {
            file = OnDisk(() => disk.Create(path));
            var size = 0L;
            for (int read; (read = await content.ReadAsync(buffer, cancellationToken)) > 0; size += read)
            {
                hash.AppendData(buffer, 0, read);
                text.Add(buffer.AsSpan(0, read));
                Write(file, buffer.AsSpan(0, read), size);
            }

            var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
            await threads.RunAsync(() => OnDisk(() => Keep(file, path, PathOf(sha256), size)));
            var (head, tail) = text.Finish();
            return new BlobRef(sha256, size, mediaType, head, tail);
        }
        catch
        {
            Discard(path);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            file?.Dispose();
        }
    }

    /// <summary>Content, all of which has been looked at: what is damaged is not handed out as if it were not.</summary>
    /// <inheritdoc cref="Open"/>
    public async ValueTask<Stream?> FindAsync(string sha256, CancellationToken cancellationToken)
    {
        if (Open(sha256) is not { } content)
            return null;

        var isWhole = false;
        try
        {
            isWhole = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken)) == sha256;
            content.Position = 0;
            return isWhole ? content : throw new DamagedException($"Blob {sha256} is damaged: its {content.Length} bytes are not those it is named after. Stored again, it is whole again.");
        }
        catch (IOException e)
        {
            throw Unreadable(sha256, e);
        }
        finally
        {
            if (!isWhole)
                await content.DisposeAsync();
        }
    }

    /// <summary>Content as it is on the disk, for who looks for something in it.</summary>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="InvalidRequestException">The hash is malformed.</exception>
    /// <exception cref="DamagedException">The content cannot be read.</exception>
    public FileStream? Open(string sha256)
    {
        if (!IsName(sha256))
            throw new InvalidRequestException($"'{(sha256.Length <= 80 ? sha256 : sha256[..80] + "…")}' is not a blob's name: it must be the 64 lower-case hexadecimal digits of a SHA-256.");

        try
        {
            return new FileStream(disk.OpenRead(PathOf(sha256)), FileAccess.Read);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(sha256, e);
        }
    }

    /// <summary>The blobs that nobody has put since an instant, with their sizes.</summary>
    public Dictionary<string, long> FindOlder(DateTime before)
    {
        var found = new Dictionary<string, long>();
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }))
        {
            if (IsName(file.Name) && file.FullName == PathOf(file.Name) && file.LastWriteTimeUtc < before)
                found[file.Name] = file.Length;
        }

        return found;
    }

    /// <returns>False where it was put again in the meantime.</returns>
    public bool DeleteIfOlder(string sha256, DateTime before)
    {
        var path = PathOf(sha256);
        lock (_naming)
        {
            if (new FileInfo(path) is not { Exists: true } file || file.LastWriteTimeUtc >= before)
                return false;
            disk.Delete(path);
            return true;
        }
    }

    private static bool IsName(string text) => text.Length == BlobNames.Length && !text.AsSpan().ContainsAnyExcept(s_digits);

    private static DamagedException Unreadable(string sha256, Exception e) => new($"Blob {sha256} cannot be read: {e.Message}", e);

    private void Discard(string path)
    {
        try
        {
            disk.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is nobody's, and the next start deletes it; what went wrong first is told.
        }
    }

    private void Write(SafeFileHandle file, Span<byte> bytes, long offset)
    {
        try
        {
            disk.Write(file, bytes, offset);
        }
        catch (IOException e)
        {
            throw Refused(e);
        }
    }

    // Only the disk's errors: those of the content's stream are its owner's.
    private static T OnDisk<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(e);
        }
    }

    private static StoreStoppedException Refused(Exception e) => new($"The content could not be stored: {e.Message}", e);

    /// <summary>Where content of that name is, or would be.</summary>
    public static string PathOf(string folder, string sha256) => Path.Combine(folder, sha256[..2], sha256);

    private string PathOf(string sha256) => PathOf(folder, sha256);

    private bool Keep(SafeFileHandle file, string from, string to, long size)
    {
        var below = Path.GetDirectoryName(to)!;
        _folders.Make(below);
        if (IsSame(file, to, size) && TryRenew(to))
        {
            disk.Delete(from);
        }
        else
        {
            if (durability == Durability.Durable)
                disk.Flush(file);
            File.SetLastWriteTimeUtc(from, time.GetUtcNow().UtcDateTime);
            lock (_naming)
                disk.Rename(from, to);
        }

        // Also for one that was there: whoever stored it may not have come to this yet.
        if (durability == Durability.Durable)
            disk.FlushFolder(below);
        return true;
    }

    // One that has other bytes is what a failing disk left: the name says what belongs there.
    private bool IsSame(SafeFileHandle file, string path, long size)
    {
        if (new FileInfo(path) is not { Exists: true } known || known.Length != size)
            return false;

        try
        {
            using var stored = new PlainFile(disk, disk.OpenRead(path), path);
            var (expected, actual) = (new byte[Chunk], new byte[Chunk]);
            for (var at = 0L; at < size;)
            {
                var length = disk.Read(file, expected, at);
                stored.ReadWhole(actual.AsSpan(0, length), at);
                if (length == 0 || !actual.AsSpan(0, length).SequenceEqual(expected.AsSpan(0, length)))
                    return false;
                at += length;
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
        {
            // It cannot be read: it is made anew.
            return false;
        }
    }

    // Nobody may have named it until now: from here on it is as young as one that is new.
    private bool TryRenew(string path)
    {
        lock (_naming)
        {
            if (!File.Exists(path))
                return false;
            File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
            return true;
        }
    }
}
