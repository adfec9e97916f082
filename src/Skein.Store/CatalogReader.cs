namespace Skein.Store;

/// <summary>Reads the lines of a catalog, a few megabytes at a time and on all cores. Of the rows it takes the keys alone.</summary>
internal sealed class CatalogReader(LogFile file)
{
    private const int PieceBytes = 1 << 20;

    private readonly long _length = file.Length;

    /// <summary>The end of the last whole line that was read.</summary>
    public long Position { get; private set; }

    /// <summary>What the lines say, in their order, and where; of one that is damaged: nothing.</summary>
    public IEnumerable<(CatalogLine Line, CatalogPlace Place)> Read()
    {
        // One more than there are cores: the caller takes the lines of one while the others are decoded.
        var free = new Queue<Piece>(Enumerable.Range(0, Environment.ProcessorCount + 1).Select(_ => new Piece()));
        var decoding = new Queue<(Piece Piece, Task Decoded)>();
        while (true)
        {
            while (free.TryPeek(out var next) && TryFill(next))
                decoding.Enqueue((free.Dequeue(), Task.Run(next.Decode)));
            if (!decoding.TryDequeue(out var first))
                yield break;

            // One that no thread has begun is decoded here.
            first.Decoded.GetAwaiter().GetResult();
            foreach (var line in first.Piece.Lines)
                yield return line;
            free.Enqueue(first.Piece);
        }
    }

    private bool TryFill(Piece piece)
    {
        while (true)
        {
            var read = (int)Math.Min(piece.Buffer.Length, _length - Position);
            file.ReadWhole(piece.Buffer.AsSpan(0, read), Position);
            if (piece.Buffer.AsSpan(0, read).LastIndexOf((byte)'\n') is var last and >= 0)
            {
                (piece.Start, piece.Length) = (Position, last + 1);
                Position += piece.Length;
                return true;
            }

            if (read < piece.Buffer.Length)
                return false;
            piece.Buffer = new byte[LineReader.Larger(read, file.Path)];
        }
    }

    /// <summary>Some lines, whole.</summary>
    private sealed class Piece
    {
        private readonly SharedTexts _texts = new();

        public byte[] Buffer { get; set; } = new byte[PieceBytes];
        public long Start { get; set; }
        public int Length { get; set; }
        public List<(CatalogLine Line, CatalogPlace Place)> Lines { get; } = [];

        public void Decode()
        {
            Lines.Clear();
            for (var at = 0; at < Length;)
            {
                var line = Buffer.AsSpan(at, Buffer.AsSpan(at, Length - at).IndexOf((byte)'\n'));
                Lines.Add((LogLine.IsSealed(line) ? CatalogLine.Read(line, _texts) : new CatalogLine(), new CatalogPlace(Start + at, line.Length + 1)));
                at += line.Length + 1;
            }
        }
    }
}
