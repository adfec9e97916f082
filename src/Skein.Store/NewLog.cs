using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Skein.Core;

namespace Skein.Store;

/// <summary>Makes a session's file: under another name until it is whole, so that a log never exists without its first batch.</summary>
internal static class NewLog
{
    /// <summary>Behind the name of a file that is not yet whole, or not yet acknowledged.</summary>
    public const string Suffix = ".new";

    /// <summary>What the file is called while it is not yet acknowledged.</summary>
    public const string Extension = SessionLog.Extension + Suffix;

    /// <returns>The log and its file, open for writing.</returns>
    /// <exception cref="StoreStoppedException">The disk refused; there is no such session.</exception>
    public static (SessionLog Log, SafeFileHandle File) Write(LogParts parts, string root, SessionId session, EncodedBatch batch)
    {
        Session? row = null;
        foreach (var e in batch.Events)
            row = row.Apply(e);

        var bytes = new ArrayBufferWriter<byte>();
        foreach (var json in batch.Json)
            LogLine.Seal(json.Span, bytes);

        var state = new LogState(row!.Seq, bytes.WrittenCount, row);
        var log = new SessionLog(session, root, state) { IsFlushed = true, IsChecked = true };
        return (log, Write(parts, log.Path, bytes.WrittenSpan, session));
    }

    private static SafeFileHandle Write(LogParts parts, string path, ReadOnlySpan<byte> bytes, SessionId session)
    {
        var (disk, month, fresh, named) = (parts.Disk, Path.GetDirectoryName(path)!, Path.ChangeExtension(path, Extension), false);
        SafeFileHandle? file = null;
        try
        {
            if (File.Exists(path))
                throw new SessionExistsException(session, "a log that was put there while the store was open");

            // What a crash left under this name was never acknowledged.
            parts.Folders.Make(month);
            disk.Delete(fresh);
            file = disk.Create(fresh);
            disk.Write(file, bytes, 0);
            if (parts.Durability == Durability.Durable)
                disk.Flush(file);
            named = true;
            disk.Rename(fresh, path);
            if (parts.Durability == Durability.Durable)
                disk.FlushFolder(month);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw Undo(parts, path, fresh, named, session, e);
        }
    }

    private static SkeinException Undo(LogParts parts, string path, string fresh, bool named, SessionId session, Exception failure)
    {
        var undone = new StoreStoppedException($"Session {session} could not be made: {failure.Message}", failure);
        try
        {
            parts.Disk.Delete(fresh);
            if (!named)
                return undone;

            // A name that was given may come back after a power loss, unless its deletion is on the disk.
            parts.Deletions.Owe(path);
            parts.Deletions.Confirm();
            return undone;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return named ? new AppendUnknownException(session, failure) : undone;
        }
    }
}
