using System.Text;
using System.Text.Json;
using Skein.Core.Events;

namespace Skein.Adapters.Driving;

/// <summary>JSON objects, one a line, as a driven agent writes them. What is none ends the conversation: half understood is not understood.</summary>
internal sealed class JsonLines(string agent, Stream input, int longest = JsonLines.Longest)
{
    /// <summary>Bytes. An image in a tool's result has some megabytes; nothing sensible has more than this.</summary>
    public const int Longest = 32 * 1024 * 1024;

    private const int Shown = 200;

    private byte[] _buffer = new byte[16 * 1024];
    private int _begin;
    private int _end;

    /// <returns>Null: the agent writes no more.</returns>
    /// <exception cref="AgentFailedException">A line is longer than allowed, or no JSON object.</exception>
    public async ValueTask<JsonElement?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await ReadLineAsync(cancellationToken) is not { } line)
                return null;
            if (!line.Span.ContainsAnyExcept(" \t\r"u8))
                continue;

            return Parse(line);
        }
    }

    private JsonElement Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // Told below, with the line, which says more than the parser's position in it.
        }

        var text = Encoding.UTF8.GetString(line.Span[..Math.Min(line.Length, 4 * Shown)]).Trim();
        throw new AgentFailedException(
            FailureKind.Internal,
            $"{agent} wrote a line that is no JSON object: {(text.Length <= Shown ? text : text[..Shown] + "…")}");
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
    {
        for (var looked = 0; ;)
        {
            var at = _buffer.AsSpan(_begin + looked, _end - _begin - looked).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = _buffer.AsMemory(_begin, looked + at);
                _begin += looked + at + 1;
                return line;
            }

            looked = _end - _begin;
            if (looked > longest)
                throw new AgentFailedException(FailureKind.Internal, $"{agent} wrote a line of more than {longest:N0} bytes, which is the most there may be.");

            MakeRoom();
            var read = await input.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read > 0)
            {
                _end += read;
                continue;
            }

            // A last line without its end was cut off: it may be any part of what the agent had to say.
            ReadOnlyMemory<byte> rest = _buffer.AsMemory(_begin, _end - _begin);
            _begin = _end = 0;
            return rest.IsEmpty ? default(ReadOnlyMemory<byte>?) : rest;
        }
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
            return;
        var used = _end - _begin;
        var target = used > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        Array.Copy(_buffer, _begin, target, 0, used);
        (_buffer, _begin, _end) = (target, 0, used);
    }
}
