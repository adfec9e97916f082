using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Skein.Adapters.Driving;

namespace Skein.Tests.Adapters.Driving;

public sealed class JsonLinesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task Objects_come_one_a_line_in_pieces_of_any_size(int piece)
    {
        var big = new string('g', 70_000);
        var lines = Reading($"{{\"a\":1}}\n\n  \r\n{{\"b\":\"ö{big}\"}}\r\n{{\"c\":3}}", piece);

        Assert.Equal(1, (await lines.ReadAsync(Token))!.Value.GetProperty("a").GetInt32());
        Assert.Equal("ö" + big, (await lines.ReadAsync(Token))!.Value.GetProperty("b").GetString());
        Assert.Equal(3, (await lines.ReadAsync(Token))!.Value.GetProperty("c").GetInt32());
        Assert.Null(await lines.ReadAsync(Token));
    }

    [Theory]
    [InlineData("geese\n", "geese")]
    [InlineData("[1]\n", "[1]")]
    [InlineData("{\"a\":\n", "{\"a\":")]
    [InlineData("{\"cut\":\"of", "{\"cut\":\"of")]
    public async Task A_line_that_is_no_object_is_named(string text, string named)
    {
        var error = await Assert.ThrowsAsync<AgentFailedException>(async () => await Reading(text, 5).ReadAsync(Token));

        Assert.Equal($"flock wrote a line that is no JSON object: {named}", error.Message);
    }

    [Fact]
    public async Task A_line_without_end_is_refused_before_it_fills_the_memory()
    {
        var error = await Assert.ThrowsAsync<AgentFailedException>(async () => await Reading(new string('x', 100_000), 1000, longest: 20_000).ReadAsync(Token));

        Assert.Equal("flock wrote a line of more than 20,000 bytes, which is the most there may be.", error.Message);
    }

    private static JsonLines Reading(string text, int piece, int longest = JsonLines.Longest)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        pipe.Writer.Write(Encoding.UTF8.GetBytes(text));
        pipe.Writer.Complete();
        return new JsonLines("flock", new InPieces(pipe.Reader.AsStream(), piece), longest);
    }

    /// <summary>Reads no more than so many bytes at once.</summary>
    private sealed class InPieces(Stream inner, int piece) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
    }
}
