using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Skein.Server;

/// <summary>Writes server-sent events: <c>id:</c>, <c>event:</c>, one line of <c>data:</c>, an empty line.</summary>
internal sealed class EventWriter(PipeWriter pipe)
{
    /// <summary>Bytes written since the last flush.</summary>
    public int Pending { get; private set; }

    /// <param name="id">Null: the event does not move the reader's cursor.</param>
    /// <param name="data">JSON on one line.</param>
    public void Write(long? id, string type, ReadOnlySpan<byte> data)
    {
        if (id is { } seq)
        {
            Span<byte> digits = stackalloc byte[20];
            seq.TryFormat(digits, out var written, provider: CultureInfo.InvariantCulture);
            Write("id: "u8);
            Write(digits[..written]);
            Write("\n"u8);
        }

        Write("event: "u8);
        Write(Encoding.UTF8.GetBytes(OneLine(type)));
        Write("\ndata: "u8);
        Write(data);
        Write("\n\n"u8);
    }

    /// <summary>A comment: readers skip it, and know that the connection lives.</summary>
    public void WriteHeartbeat() => Write(":\n\n"u8);

    /// <summary>Sends what is written; waits for a reader that is slow.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        Pending = 0;
        await pipe.FlushAsync(cancellationToken);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        pipe.Write(bytes);
        Pending += bytes.Length;
    }

    // The name of an unknown event is whatever stands in the log; it must not begin a line of its own.
    private static string OneLine(string type) => type.AsSpan().ContainsAny('\r', '\n', '\0') ? "unknown" : type;
}
