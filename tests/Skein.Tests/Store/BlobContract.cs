using System.Security.Cryptography;
using System.Text;
using Skein.Core;

namespace Skein.Tests.Store;

/// <summary>Blobs of every store.</summary>
public abstract class BlobContract : SessionListContract
{
    private static MemoryStream Bytes(string text) => new MemoryStream(Encoding.UTF8.GetBytes(text));

    [Fact]
    public async Task A_blob_is_found_by_the_hash_of_its_bytes_also_after_a_restart()
    {
        var content = RandomNumberGenerator.GetBytes(300_000);

        var blob = await Store.PutBlobAsync(new MemoryStream(content), "image/png", Cancellation);
        var again = await Store.PutBlobAsync(new MemoryStream(content), "image/png", Cancellation);
        await ReopenAsync();

        Assert.Equal(new BlobRef(Convert.ToHexStringLower(SHA256.HashData(content)), content.Length, "image/png"), blob);
        Assert.Equal(blob, again);
        await using var found = await Store.FindBlobAsync(blob.Sha256, Cancellation);
        using var read = new MemoryStream();
        await found!.CopyToAsync(read, Cancellation);
        Assert.Equal(content, read.ToArray());
    }

    [Fact]
    public async Task The_same_content_stored_by_many_at_once_is_stored_once()
    {
        var blobs = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Store.PutBlobAsync(Bytes("the same"), "text/plain", Cancellation).AsTask()));

        Assert.Single(blobs.Distinct());
        Assert.NotNull(await Store.FindBlobAsync(blobs[0].Sha256, Cancellation));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(5000)]
    [InlineData(8192)]
    [InlineData(8193)]
    [InlineData(200_000)]
    public async Task The_head_and_the_tail_of_a_text_are_whole_characters_and_do_not_overlap(int bytes)
    {
        // Characters of one, two, three and four bytes, so that every kind of cut is met.
        var runes = "aé日🦢".EnumerateRunes().ToArray();
        var text = new StringBuilder();
        for (var (i, length) = (0, 0); length < bytes; i++)
        {
            text.Append(runes[i % runes.Length]);
            length += runes[i % runes.Length].Utf8SequenceLength;
        }

        var whole = text.ToString();
        var blob = await Store.PutBlobAsync(new Dripping(Encoding.UTF8.GetBytes(whole)), "text/plain", Cancellation);

        Assert.StartsWith(blob.Head!, whole, StringComparison.Ordinal);
        Assert.EndsWith(blob.Tail ?? "", whole, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', blob.Head + blob.Tail);
        Assert.InRange(Encoding.UTF8.GetByteCount(blob.Head!), Math.Min(blob.Size, 4093), 4096);
        if (blob.Size <= 4093)
            Assert.Null(blob.Tail);
        else if (blob.Size <= 8186)
            Assert.Equal(whole, blob.Head + blob.Tail);
        else
            Assert.InRange(Encoding.UTF8.GetByteCount(blob.Tail!), 4093, 4096);
    }

    [Theory]
    [InlineData("nul \0 in it")]
    [InlineData("\ufffe", true)]
    public async Task What_is_no_text_has_no_head(string text, bool asUtf16 = false)
    {
        var blob = await Store.PutBlobAsync(new MemoryStream((asUtf16 ? Encoding.Unicode : Encoding.UTF8).GetBytes(text)), "text/plain", Cancellation);

        Assert.Null(blob.Head);
        Assert.Null(blob.Tail);
    }

    [Fact]
    public async Task A_character_that_is_cut_off_at_the_very_end_makes_no_text()
    {
        var blob = await Store.PutBlobAsync(new MemoryStream([.. "abc"u8, 0xF0, 0x9F]), "text/plain", Cancellation);

        Assert.Null(blob.Head);
    }

    [Fact]
    public async Task A_blob_that_is_not_there_is_null_and_a_malformed_name_is_refused()
    {
        Assert.Null(await Store.FindBlobAsync(new string('0', 64), Cancellation));
        foreach (var name in (string[])["", "abc", new string('A', 64), new string('g', 64), "../../etc/passwd", new string('0', 65)])
            await Assert.ThrowsAsync<InvalidRequestException>(async () => await Store.FindBlobAsync(name, Cancellation));
    }

    [Fact]
    public async Task An_error_of_the_content_is_its_owners()
    {
        var broken = new Dripping(new byte[100_000]) { FailsAt = 50_000 };

        await Assert.ThrowsAsync<EndOfStreamException>(async () => await Store.PutBlobAsync(broken, "text/plain", Cancellation));
    }

    /// <summary>Content that comes in odd pieces, as from a network.</summary>
    private sealed class Dripping(byte[] bytes) : MemoryStream(bytes)
    {
        public int? FailsAt { get; init; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Position >= FailsAt
            ? throw new EndOfStreamException("The content broke off.")
            : base.ReadAsync(buffer[..Math.Min(buffer.Length, 1021)], cancellationToken);
    }
}
