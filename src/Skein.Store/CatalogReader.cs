using System.Buffers;
using Skein.Core;

namespace Skein.Store;

/// <summary>Reads the lines of a catalog: a few megabytes at a time, decoded by all cores. With many sessions that is most of what a start takes.</summary>
internal static class CatalogReader
{
    private const int PieceBytes = 1 << 20;
    private static readonly Usage s_unused = new();

    /// <summary>What the lines say, in their order; of one that is damaged: nothing.</summary>
    public static IEnumerable<CatalogLine> Read(LineReader lines)
    {
        var pieces = new ArrayBufferWriter<byte>[Environment.ProcessorCount];
        var decoded = new List<CatalogLine>[pieces.Length];
        for (var i = 0; i < pieces.Length; i++)
            (pieces[i], decoded[i]) = (new ArrayBufferWriter<byte>(), []);

        var more = true;
        while (more)
        {
            foreach (var piece in pieces)
            {
                piece.ResetWrittenCount();
                more = more && TryFill(piece, lines);
            }

            Parallel.For(0, pieces.Length, i => Decode(pieces[i].WrittenSpan, decoded[i]));
            foreach (var line in decoded.SelectMany(static line => line))
                yield return line;
        }
    }

    private static bool TryFill(ArrayBufferWriter<byte> piece, LineReader lines)
    {
        while (piece.WrittenCount < PieceBytes)
        {
            if (!lines.TryRead(out var line))
                return false;
            piece.Write(line);
            piece.Write("\n"u8);
        }

        return true;
    }

    private static void Decode(ReadOnlySpan<byte> piece, List<CatalogLine> into)
    {
        into.Clear();
        var texts = new Dictionary<string, string>();
        foreach (var range in piece.Split((byte)'\n'))
        {
            var line = piece[range];
            if (!line.IsEmpty)
                into.Add(LogLine.IsSealed(line) ? Sharing(texts, CatalogLine.Read(line)) : new CatalogLine());
        }
    }

    // Most sessions have the same few folders, agents and models: these need not be kept a hundred thousand times.
    private static CatalogLine Sharing(Dictionary<string, string> texts, CatalogLine line)
    {
        if (line.Row is not { Row: var row } known)
            return line;

        return line with
        {
            Row = known with
            {
                Row = row with
                {
                    Workspace = Shared(row.Workspace)!,
                    Agent = Shared(row.Agent)!,
                    Model = Shared(row.Model),
                    Host = Shared(row.Host),
                    Usage = row.Usage == s_unused ? s_unused : row.Usage,
                },
            },
        };

        string? Shared(string? text) => text is null || texts.TryAdd(text, text) ? text : texts[text];
    }
}
