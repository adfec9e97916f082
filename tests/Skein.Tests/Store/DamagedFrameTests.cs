using System.Text;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Search;
using Skein.Store;
using Skein.Store.Packing;

namespace Skein.Tests.Store;

/// <summary>What of a compressed log is not as it was written is told, and all else is read.</summary>
public sealed class DamagedFrameTests : CompressedTests
{
    [Fact]
    public void A_bit_flipped_anywhere_in_the_file_loses_one_frame_at_most()
    {
        var (plain, packed, frames) = Pack();
        var path = Path.Combine(Home, "flipped");
        File.WriteAllBytes(path, packed);
        using var file = Disk.OpenWrite(path);

        for (var bit = 0; bit < packed.Length * 8; bit++)
        {
            var hit = frames.FirstOrDefault(f => bit / 8 >= f.Place && bit / 8 < f.Place + f.Packed);
            Disk.Write(file, [(byte)(packed[bit / 8] ^ (1 << (bit % 8)))], bit / 8);

            Assert.True(Without(plain, hit).AsSpan().SequenceEqual(Unpack(path)), $"Bit {bit % 8} of byte {bit / 8}");

            Disk.Write(file, [packed[bit / 8]], bit / 8);
        }
    }

    [Fact]
    public void A_file_cut_at_any_byte_keeps_every_frame_before_and_tells_how_much_is_missing()
    {
        var (plain, packed, frames) = Pack();

        for (var length = frames[0].Place + frames[0].Packed; length < packed.Length; length++)
        {
            var lost = frames.Where(f => f.Place + f.Packed > length).ToList();
            var kept = lost.Count == 0 ? plain.Length : (int)lost[0].Offset;
            var unpacked = Unpack(packed[..(int)length]);

            Assert.Equal(plain.Length, unpacked.Length);
            Assert.Equal(plain[..kept], unpacked[..kept]);
            Assert.DoesNotContain(unpacked[kept..], b => b is not (0 or (byte)'\n'));
            Assert.Equal((byte)'\n', unpacked[^1]);
        }
    }

    [Fact]
    public void Without_any_frame_there_is_nothing_to_read()
    {
        var (_, packed, frames) = Pack();
        foreach (var bytes in (byte[][])[[], [1, 2, 3], packed[..20], [.. packed[..30], .. new byte[400]]])
            Assert.Contains("it has neither an index nor a frame", Assert.Throws<DamagedException>(() => Unpack(bytes)).Message, StringComparison.Ordinal);

        // Another log's index behind it says nothing.
        Assert.Equal(frames[^1].Total, Unpack([.. packed, .. Frame.WriteIndex([frames[0]])]).Length);
    }

    [Fact]
    public async Task A_damaged_frame_is_a_gap_by_byte_range_for_readers_search_and_doctor_and_stays_so_when_it_is_unpacked()
    {
        var (session, plain) = await MakeCompressedAsync();
        IReadOnlyList<SessionEvent> whole;
        await using (var store = await OpenAsync())
            whole = await ReadAsync(store, session);
        var frame = await DamageAsync(session, frames => frames[frames.Count / 2]);
        var lines = Encoding.UTF8.GetString(plain.AsSpan((int)frame.Offset, (int)frame.Length)).Count(c => c == '\n');
        var first = Encoding.UTF8.GetString(plain.AsSpan(0, (int)frame.Offset)).Count(c => c == '\n') + 1;
        var gap = new Gap(first, first + lines - 1, SessionLog.NameOf(session), frame.Offset, frame.Length);
        var expected = Some.Texts([.. whole.Where(e => e.Seq < first), EventReader.Missing(gap, session), .. whole.Where(e => e.Seq > gap.To)]);

        await using (var store = await OpenAsync())
        {
            Assert.Equal(expected, Some.Texts(await ReadAsync(store, session)));
            Assert.Equal(expected.Reverse(), Some.Texts(await ReadBackAsync(store, session)));
            Assert.Equal([gap], (await store.FindAsync(session, Cancellation))!.Damage);
            var found = await store.SearchAsync(new SearchQuery("needle"), Cancellation).ToListAsync(Cancellation);
            Assert.Equal(expected.Count(e => e.Contains("\"needle ", StringComparison.Ordinal)), found.OfType<SearchHit>().Count());
            Assert.EndsWith($" is damaged: events {gap.From} to {gap.To} cannot be read.", Assert.Single(found.OfType<SearchSkipped>()).Reason, StringComparison.Ordinal);
        }

        var told = StoreCheck.Run(Home, null, Cancellation).Findings.Where(f => f.IsLoss && f.Session == session).Select(f => f.What).ToList();
        Assert.Contains($"is damaged: {frame.Length} bytes from byte {frame.Offset}, which were events {gap.From} to {gap.To}.", told);
        Assert.Contains($"has a damaged frame: bytes {frame.Place} to {frame.Place + frame.Packed} of the file, which held bytes {frame.Offset} to {frame.Offset + frame.Length} of the log.", told);

        var damaged = await File.ReadAllBytesAsync(PackedLogOf(session), Cancellation);
        await using (var store = await OpenAsync())
        {
            await using var writer = await store.OpenWriterAsync(session, Cancellation);
            Assert.Contains("damage", writer.Repairs.Select(r => r.Kind));
            await writer.AppendAsync([new SessionRepaired(writer.Repairs)], null, Cancellation);
            AssertIsPlain(session);
            Assert.Equal(expected, Some.Texts((await ReadAsync(store, session)).SkipLast(1)));
            Assert.Equal(whole[^1].Seq + 1, writer.LastSeq);

            // What could not be unpacked is still there as it was, for as long as the session.
            Assert.Equal(damaged, await File.ReadAllBytesAsync($"{PackedLogOf(session)}{LogPacking.DamagedMark}{frame.Offset}", Cancellation));
            await store.CollectAsync(Cancellation);
            Assert.True(File.Exists($"{PackedLogOf(session)}{LogPacking.DamagedMark}{frame.Offset}"));
        }

        await CompressDamagedAsync();
        AssertIsCompressed(session);
        await using var again = await OpenAsync();
        Assert.Equal(expected, Some.Texts((await ReadAsync(again, session)).SkipLast(1)));
        await using var next = await again.OpenWriterAsync(session, Cancellation);
        Assert.DoesNotContain("damage", next.Repairs.Select(r => r.Kind));
    }

    [Fact]
    public async Task A_damaged_last_frame_is_a_gap_at_the_end_and_no_sequence_is_used_again()
    {
        var (session, _) = await MakeCompressedAsync();
        await using (var store = await OpenAsync())
            Assert.Equal(181, (await store.FindAsync(session, Cancellation))!.Seq);
        await DamageAsync(session, frames => frames[^1]);

        await using var again = await OpenAsync();
        var read = await ReadAsync(again, session);
        var gap = Assert.IsType<Gap>(read[^1].Body);
        Assert.True(gap.To >= 181, $"{gap.To}");
        Assert.Equal(read[^2].Seq + 1, gap.From);
        await using var writer = await again.OpenWriterAsync(session, Cancellation);
        Assert.Equal(gap.To + 1, (await writer.AppendAsync([Some.Titled("after")], null, Cancellation))[0].Seq);
    }

    [Fact]
    public async Task A_damaged_index_costs_nothing_and_doctor_tells_of_it()
    {
        var (session, plain) = await MakeCompressedAsync();
        var bytes = await File.ReadAllBytesAsync(PackedLogOf(session), Cancellation);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(PackedLogOf(session), bytes, Cancellation);

        await using (var store = await OpenAsync())
            Assert.Equal(plain.Count(b => b == '\n'), (await ReadAsync(store, session)).Count(e => e.Body is not Gap));
        Assert.Contains(StoreCheck.Run(Home, null, Cancellation).Findings, f => !f.IsLoss && f.Session == session && f.What.StartsWith("has a damaged index", StringComparison.Ordinal));

        await using (var store = await OpenAsync())
        await using (var writer = await store.OpenWriterAsync(session, Cancellation))
            Assert.DoesNotContain("damage", writer.Repairs.Select(r => r.Kind));
        Assert.Equal(plain, await File.ReadAllBytesAsync(LogOf(session), Cancellation));
    }

    private async Task CompressDamagedAsync()
    {
        await using var store = await OpenCompressingAsync();
        Assert.Equal(1, (await store.CollectAsync(Cancellation)).Compressed.Files);
    }

    private async Task<Frame> DamageAsync(SessionId session, Func<IReadOnlyList<Frame>, Frame> choose)
    {
        var bytes = await File.ReadAllBytesAsync(PackedLogOf(session), Cancellation);
        Frame frame;
        using (var packed = PackedFile.Open(Disk, PackedLogOf(session)))
            frame = choose(packed.Map.Frames);
        bytes[frame.Place + (frame.Packed / 2)] ^= 16;
        await File.WriteAllBytesAsync(PackedLogOf(session), bytes, Cancellation);
        return frame;
    }

    private (byte[] Plain, byte[] Packed, IReadOnlyList<Frame> Frames) Pack()
    {
        var plain = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 24).Select(n => $"{{\"seq\":{n},\"text\":\"{new string('a', n * 7 % 50)}\"}}\n")));
        Directory.CreateDirectory(Home);
        var (from, to) = (Path.Combine(Home, "plain"), Path.Combine(Home, "packed"));
        File.WriteAllBytes(from, plain);
        using (var log = PlainFile.Open(Disk, from))
        using (var file = Disk.Create(to))
            new FrameWriter(Disk, file, plain.Length, 400).Write(log, Cancellation);
        using var packed = PackedFile.Open(Disk, to);
        Assert.InRange(packed.Map.Frames.Count, 3, 6);
        Assert.All(packed.Map.Frames, f => Assert.Equal((byte)'\n', plain[f.Offset + f.Length - 1]));
        return (plain, File.ReadAllBytes(to), packed.Map.Frames);
    }

    private byte[] Unpack(byte[] bytes)
    {
        var path = Path.Combine(Home, "damaged");
        File.WriteAllBytes(path, bytes);
        return Unpack(path);
    }

    private byte[] Unpack(string path)
    {
        using var packed = PackedFile.Open(Disk, path);
        var unpacked = new byte[packed.Length];
        packed.ReadWhole(unpacked, 0);
        return unpacked;
    }

    private static byte[] Without(byte[] plain, Frame? frame)
    {
        var expected = plain.ToArray();
        if (frame is not null)
        {
            expected.AsSpan((int)frame.Offset, (int)frame.Length).Clear();
            expected[frame.Offset + frame.Length - 1] = (byte)'\n';
        }

        return expected;
    }
}
