using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;
using Skein.Store.Packing;
using Skein.Testing;

namespace Skein.Tests.Store;

/// <summary>The page that others write readers by is true.</summary>
public sealed class LogFormatDocumentTests : CompressedTests
{
    [Fact]
    public async Task The_example_log_is_one_that_the_store_reads()
    {
        var page = (await File.ReadAllTextAsync(Document(), Cancellation)).ReplaceLineEndings("\n");
        var start = page.IndexOf("```jsonl\n", StringComparison.Ordinal) + "```jsonl\n".Length;
        var log = page[start..page.IndexOf("```", start, StringComparison.Ordinal)];
        var session = SessionId.Parse("ses_01kah3q6x9v3m8zr5t0w2y4b6c");
        Directory.CreateDirectory(Path.GetDirectoryName(LogOf(session))!);
        await File.WriteAllTextAsync(LogOf(session), log, Cancellation);

        await using var store = await OpenAsync();

        Assert.Equal(["session.created", "message.added", "turn.started"], (await ReadAsync(store, session)).Select(e => e.Type));
        Assert.Equal("Count the geese 🦢", (await store.FindAsync(session, Cancellation))!.Title);
        await using var writer = await store.OpenWriterAsync(session, Cancellation);
        Assert.Empty(writer.Repairs);
    }

    [Fact]
    public async Task A_line_is_laid_out_as_it_is_drawn()
    {
        var session = await MakeAsync([Some.Titled("a"), Some.Titled("b")]);

        var lines = await File.ReadAllLinesAsync(LogOf(session), Encoding.UTF8, Cancellation);

        Assert.Matches($$$"""^{"v":1,"session":"{{{session}}}","seq":1,"at":"[^"]{24}","type":"session.created","by":{"who":"test"},"data":{.*},"crc":"[0-9a-f]{8}"}$""", lines[0]);
        Assert.Matches("""^{"seq":2,"at":"[^"]{24}","type":"session.titled","by":{"who":"test"},"data":{.*},"more":true,"crc":"[0-9a-f]{8}"}$""", lines[1]);
        Assert.Matches("""^{"seq":3,"at":"[^"]{24}","type":"session.titled","by":{"who":"test"},"data":{.*},"crc":"[0-9a-f]{8}"}$""", lines[2]);
        Assert.EndsWith($"sessions/{session.Time:yyyy-MM}/{session}.jsonl", LogOf(session).Replace('\\', '/'), StringComparison.Ordinal);
    }

    // As a reader in another language finds what this one finds, byte for byte, the page is enough to write one.
    [Theory]
    [InlineData("whole")]
    [InlineData("events of every kind")]
    [InlineData("torn")]
    [InlineData("torn batch")]
    [InlineData("damaged line")]
    [InlineData("damaged last line")]
    [InlineData("damaged first line")]
    [InlineData("lost line end")]
    [InlineData("block of zeros")]
    [InlineData("copied line")]
    [InlineData("another log within")]
    [InlineData("sequence too high")]
    public async Task A_reader_in_forty_lines_of_another_language_finds_what_the_store_finds(string kind)
    {
        Requires.Programs("python3");
        var script = Path.Combine(Path.GetDirectoryName(Document())!, "read-log.py");
        Assert.InRange((await File.ReadAllLinesAsync(script, Cancellation)).Length, 1, 40);
        var events = kind == "events of every kind" ? [.. new RandomLog(1, ["", "Gänse \"🦢\" \\ \n\u0001"]).Events(600).Skip(1).Select(e => e.Body)] : Some.WholeTurn(1);
        var session = await MakeAsync([.. events.Chunk(3)]);
        var bytes = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        var starts = LineStarts(bytes);
        bytes = kind switch
        {
            "torn" => bytes[..^30],
            "torn batch" => bytes[..starts[^2]],
            "damaged line" => Changed(starts[5] + 40, starts[5] + 41),
            "damaged last line" => Changed(starts[^2] + 40, starts[^2] + 41),
            "damaged first line" => Changed(40, 41),
            "lost line end" => Changed(starts[^2] - 1, starts[^2]),
            "block of zeros" => Changed(starts[8], bytes.Length - 9),
            "copied line" => [.. bytes[..starts[7]], .. bytes[starts[3]..starts[4]], .. bytes[starts[7]..], .. bytes[starts[^2]..]],
            "another log within" => [.. bytes[..starts[5]], .. await File.ReadAllBytesAsync(LogOf(await MakeAsync([Some.Titled("other")])), Cancellation), .. bytes[starts[5]..]],
            "sequence too high" => [.. bytes[..starts[5]], .. Sealed($$$"""{"seq":{{{long.MaxValue}}},"at":"2026-11-21T08:46:22.123Z","type":"session.archived","data":{}}"""), .. bytes[starts[5]..]],
            _ => bytes,
        };
        await File.WriteAllBytesAsync(LogOf(session), bytes, Cancellation);

        using var python = Process.Start(new ProcessStartInfo("python3", [script, LogOf(session)]) { RedirectStandardOutput = true })!;
        var printed = (await python.StandardOutput.ReadToEndAsync(Cancellation)).TrimEnd('\n').Split('\n');
        await python.WaitForExitAsync(Cancellation);

        await using var store = await OpenAsync();
        var read = await ReadAsync(store, session);
        Assert.Equal(
            read.Select(e => e.Body is Gap gap ? $"DAMAGED {gap.From}…{gap.To}: {gap.Length} bytes from byte {gap.Offset}" : $"{e.Seq} {e.At:yyyy-MM-ddTHH:mm:ss.fffZ} {e.Type}"),
            printed[..^1].Select(l => l.StartsWith('D') ? l : string.Join(' ', l.Split(' ').Take(3))));
        var torn = StoreCheck.Run(Home, null, Cancellation).Findings.SingleOrDefault(f => f.What.Contains("torn tail", StringComparison.Ordinal))?.What;
        Assert.Matches(torn is null ? $"^{read[^1].Seq} events$" : "^TORN ", printed[^1]);
        Assert.Contains(torn is null ? "" : printed[^1]["TORN ".Length..], torn ?? "", StringComparison.Ordinal);
        Assert.Equal(read.Any(e => e.Body is Gap) ? 1 : 0, python.ExitCode);

        byte[] Changed(int from, int to)
        {
            var changed = bytes.ToArray();
            for (var at = from; at < to; at++)
                changed[at] = kind == "block of zeros" ? (byte)0 : (byte)(changed[at] ^ 1);
            return changed;
        }
    }

    [Fact]
    public async Task It_prints_what_a_fork_wrote_itself_by_the_numbers_that_go_on()
    {
        Requires.Programs("python3");
        var origin = await MakeAsync([.. Some.WholeTurn(1).Chunk(3)]);
        await using var store = await OpenAsync();
        await using var writer = await store.CreateAsync(
            Some.Ids.Next<SessionId>(), [Some.Forked((await store.FindAsync(origin, Cancellation))!, 4, new Segment(origin, 4)), Some.Titled("mine")], null, Cancellation);

        using var python = Process.Start(new ProcessStartInfo("python3", [Path.Combine(Path.GetDirectoryName(Document())!, "read-log.py"), LogOf(writer.Session)]) { RedirectStandardOutput = true })!;
        var printed = await python.StandardOutput.ReadToEndAsync(Cancellation);

        Assert.Matches("^5 [^ ]+ session.forked .*\n6 [^ ]+ session.titled .*\n6 events\n$", printed);
    }

    [Theory]
    [InlineData("whole")]
    [InlineData("damaged index")]
    [InlineData("damaged frame")]
    [InlineData("damaged header")]
    [InlineData("cut")]
    public async Task So_does_one_for_compressed_logs(string kind)
    {
        Requires.Programs("node");
        var script = Path.Combine(Path.GetDirectoryName(Document())!, "unpack-log.mjs");
        Assert.InRange((await File.ReadAllLinesAsync(script, Cancellation)).Length, 1, 40);
        var (session, _) = await MakeCompressedAsync();
        var bytes = await File.ReadAllBytesAsync(PackedLogOf(session), Cancellation);
        using (var whole = PackedFile.Open(Disk, PackedLogOf(session)))
        {
            var middle = whole.Map.Frames[whole.Map.Frames.Count / 2];
            if (kind is "damaged index" or "damaged header")
                bytes[^30] ^= 1;
            if (kind is "damaged frame")
                bytes[middle.Place + 5] ^= 1;
            if (kind is "damaged header")
                bytes[middle.Place - 20] ^= 1;
            if (kind is "cut")
                bytes = bytes[..(int)(whole.Map.Frames[^1].Place + 9)];
        }

        await File.WriteAllBytesAsync(PackedLogOf(session), bytes, Cancellation);
        using var packed = PackedFile.Open(Disk, PackedLogOf(session));
        var expected = new byte[packed.Length];
        packed.ReadWhole(expected, 0);

        using var node = Process.Start(new ProcessStartInfo("node", [script, PackedLogOf(session)]) { RedirectStandardOutput = true })!;
        using var unpacked = new MemoryStream();
        await node.StandardOutput.BaseStream.CopyToAsync(unpacked, Cancellation);
        await node.WaitForExitAsync(Cancellation);

        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(unpacked.ToArray()));
        Assert.Equal(packed.Damaged.Count == 0 ? 0 : 1, node.ExitCode);
    }

    private static byte[] Sealed(string json)
    {
        var line = new ArrayBufferWriter<byte>();
        LogLine.Seal(Encoding.UTF8.GetBytes(json), line);
        return line.WrittenSpan.ToArray();
    }

    private static string Document([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "log-format.md"));
}
