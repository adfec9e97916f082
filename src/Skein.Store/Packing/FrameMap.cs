using Skein.Core;

namespace Skein.Store.Packing;

/// <summary>
/// Where the frames of a file are: by its index, and where that is damaged by the headers of the frames, each of which is looked for
/// where the one before ends, else by its mark. Together they cover the whole log, what no header tells of included.
/// </summary>
/// <param name="IsIndexed">Whether the index is as it was written.</param>
internal sealed record FrameMap(IReadOnlyList<Frame> Frames, bool IsIndexed)
{
    private const int Chunk = 64 * 1024;

    public long Length => Frames.Count == 0 ? 0 : Frames[^1].Offset + Frames[^1].Length;

    /// <param name="file">The file as it is on the disk.</param>
    /// <exception cref="DamagedException">The disk does not answer, or nothing in the file is a frame.</exception>
    public static FrameMap Read(PlainFile file)
    {
        var length = file.Length;
        if (ReadIndex(file, length) is { } frames)
            return new FrameMap(frames, IsIndexed: true);

        var found = Walk(file, length);
        return found.Count > 0
            ? new FrameMap(Cover(found, length), IsIndexed: false)
            : throw new DamagedException($"{file.Path} cannot be read: it has neither an index nor a frame.");
    }

    /// <summary>The frame that holds a place of the plain log.</summary>
    public Frame At(long offset)
    {
        var (low, high) = (0, Frames.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = Frames[middle].Offset <= offset ? (middle, high) : (low, middle - 1);
        }

        return Frames[low];
    }

    private static IReadOnlyList<Frame>? ReadIndex(PlainFile file, long length)
    {
        if (length < Frame.EndLength)
            return null;

        var end = new byte[Frame.EndLength];
        file.ReadWhole(end, length - end.Length);
        if (Frame.IndexLengthOf(end) is not { } indexLength || indexLength > length)
            return null;

        var index = new byte[indexLength];
        file.ReadWhole(index, length - indexLength);
        return Frame.ReadIndex(index) is { } frames && IsWhole(frames, length - indexLength) ? frames : null;
    }

    private static bool IsWhole(IReadOnlyList<Frame> frames, long packed)
    {
        var offset = 0L;
        foreach (var frame in frames)
        {
            if (frame.Offset != offset || frame.Length == 0)
                return false;
            offset += frame.Length;
        }

        return packed == frames.Sum(f => Frame.HeaderLength + f.Packed) && frames.All(f => f.Total == offset);
    }

    private static List<Frame> Walk(PlainFile file, long length)
    {
        var found = new List<Frame>();
        var header = new byte[Frame.HeaderLength];
        for (var at = 0L; at + Frame.HeaderLength <= length;)
        {
            file.ReadWhole(header, at);
            if (Frame.ReadHeader(header, at) is { } frame && Follows(frame, found))
            {
                found.Add(frame);
                at = frame.Place + frame.Packed;
            }
            else
            {
                at = NextMark(file, at + 1, length);
            }
        }

        return found;
    }

    private static bool Follows(Frame frame, List<Frame> found) =>
        frame.Length > 0 && frame.Offset + frame.Length <= frame.Total
        && (found.Count == 0 || (frame.Total == found[^1].Total && frame.Offset >= found[^1].Offset + found[^1].Length));

    /// <returns>The file's length where there is none.</returns>
    private static long NextMark(PlainFile file, long from, long length)
    {
        var chunk = new byte[(int)Math.Clamp(length - from, 0, Chunk)];
        for (var at = from; length - at >= Frame.Mark.Length; at += chunk.Length - Frame.Mark.Length + 1)
        {
            var part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, length - at));
            file.ReadWhole(part, at);
            if (part.IndexOf(Frame.Mark) is var mark and >= 0)
                return at + mark;
        }

        return length;
    }

    private static List<Frame> Cover(List<Frame> found, long length)
    {
        var (total, covered, place) = (found[0].Total, 0L, 0L);
        var all = new List<Frame>();
        foreach (var frame in found)
        {
            if (frame.Offset > covered)
                all.Add(new Frame(covered, frame.Offset - covered, place, frame.Place - Frame.HeaderLength - place, total, Crc: null));
            all.Add(frame);
            (covered, place) = (frame.Offset + frame.Length, frame.Place + frame.Packed);
        }

        if (covered < total)
            all.Add(new Frame(covered, total - covered, place, Math.Max(0, length - place), total, Crc: null));
        return all;
    }
}
