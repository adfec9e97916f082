using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store;

/// <summary>
/// Logs that another hand than Skein's changed: lines copied, exchanged, taken out, numbered anew and sealed again, other files within.
/// Whoever reads, from wherever and in whichever direction, sees the same.
/// </summary>
public sealed partial class EditedLogTests : EmbeddedTests
{
    private const int Seeds = 60;

    [Fact]
    public async Task Whatever_was_done_to_a_log_all_who_read_it_see_the_same_and_nothing_is_written_over()
    {
        var whole = await LinesAsync(await MakeAsync([.. Enumerable.Range(0, 60).Select(n => (IReadOnlyList<EventBody>)[.. Batch(n)])]));
        var other = await LinesAsync(await MakeAsync([.. Enumerable.Range(0, 90).Select(n => (IReadOnlyList<EventBody>)[.. Batch(n)])]));
        foreach (var seed in Enumerable.Range(1, Rounds.Of(Seeds)))
        {
            try
            {
                await CheckAsync(Edited(new Random(seed), whole, other), new Random(seed));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public async Task A_log_that_was_changed_and_grew_is_not_taken_for_one_that_was_appended_to()
    {
        var session = await MakeAsync([Some.Titled("two")], [Some.Titled("three")], [Some.Titled("four")]);
        var lines = await LinesAsync(session);
        await File.WriteAllBytesAsync(LogOf(session), [.. lines.Take(2).SelectMany(l => l), .. Sealed(Text(lines[2]).Replace("three", "three and more", StringComparison.Ordinal)), .. lines[3]], Cancellation);

        await using var store = await OpenAsync();

        Assert.Equal(4, (await store.FindAsync(session, Cancellation))!.Seq);
        Assert.Empty((await store.FindAsync(session, Cancellation))!.Damage);
        Assert.Equal(["two", "three and more", "four"], (await ReadAsync(store, session)).Select(e => e.Body).OfType<SessionTitled>().Select(t => t.Title));
    }

    private async Task CheckAsync(byte[] log, Random random)
    {
        var session = SessionId.Parse(Id().Match(Encoding.UTF8.GetString(log)).Value);
        Directory.CreateDirectory(Path.GetDirectoryName(LogOf(session))!);
        await File.WriteAllBytesAsync(LogOf(session), log, Cancellation);
        long last;
        await using (var store = await OpenAsync())
        {
            var read = await ReadAsync(store, session);
            Assert.Equal(Expected(log, session), read.Where(e => e.Body is not Gap).Select(e => e.Seq));
            Assert.Equal(read.Select(e => e.Seq).Order(), read.Select(e => e.Seq));
            Assert.Equal(Some.Texts(read.Reverse()), Some.Texts(await ReadBackAsync(store, session)));
            Assert.Equal(read.Select(e => e.Body).OfType<Gap>(), (await store.FindAsync(session, Cancellation))!.Damage);
            Assert.Equal(read.Count(e => e.Body is Gap), StoreCheck.Run(Home, null, Cancellation).Findings.Count(f => f.What.StartsWith("is damaged", StringComparison.Ordinal)));
            foreach (var seq in Enumerable.Range(0, 12).Select(_ => read[random.Next(read.Count)].Seq))
            {
                Assert.Equal(Some.Texts(read.Where(e => e.Seq > seq)), Some.Texts(await ReadAsync(store, session, seq)));
                Assert.Equal(
                    Some.Texts(read.Where(e => e.Seq < seq).Reverse()),
                    Some.Texts(await store.ReadBackAsync(session, seq, Cancellation).Where(e => e.Seq < seq).ToListAsync(Cancellation)));
            }

            await using var writer = await store.OpenWriterAsync(session, Cancellation);
            last = read[^1].Seq;
            Assert.True((await writer.AppendAsync([Some.Titled("after")], null, Cancellation))[0].Seq > last);
        }

        var grown = await File.ReadAllBytesAsync(LogOf(session), Cancellation);
        var kept = Array.LastIndexOf(log, (byte)'\n') + 1;
        Assert.True(grown.AsSpan(0, Math.Min(kept, grown.Length)).CommonPrefixLength(log) >= CommittedEnd(log), "What stood in the log was changed.");
        await using var again = await OpenAsync();
        Assert.Equal("after", ((SessionTitled)(await ReadAsync(again, session, last))[^1].Body).Title);
    }

    // What the page about the format says, in the order of the file.
    private static List<long> Expected(byte[] log, SessionId session)
    {
        var found = new List<long>();
        foreach (var line in Lines(log[..CommittedEnd(log)]))
        {
            if (LogLine.TryOpen(line.AsSpan(..^1), out var seq, out _) && seq > found.LastOrDefault() && (Id().Match(Text(line)) is not { Success: true } id || id.Value == session.Value))
                found.Add(seq);
        }

        return found;
    }

    private static int CommittedEnd(byte[] log)
    {
        var lines = Lines(log[..(Array.LastIndexOf(log, (byte)'\n') + 1)]);
        while (lines.Count > 0 && LogLine.TryOpen(lines[^1].AsSpan(..^1), out _, out var more) && more)
            lines.RemoveAt(lines.Count - 1);
        return lines.Sum(l => l.Length);
    }

    private static byte[] Edited(Random random, List<byte[]> whole, List<byte[]> other)
    {
        // The first line tells what the session is: it is left alone.
        var lines = whole.ToList();
        for (var edits = 1 + random.Next(3); edits > 0; edits--)
        {
            var (at, to) = (1 + random.Next(lines.Count - 1), 1 + random.Next(lines.Count - 1));
            switch (random.Next(9))
            {
                case 0:
                    lines.Insert(to, lines[at]);
                    break;
                case 1:
                    lines.InsertRange(to, lines.GetRange(at, Math.Min(random.Next(20), lines.Count - at)));
                    break;
                case 2:
                    (lines[at], lines[to]) = (lines[to], lines[at]);
                    break;
                case 3:
                    lines.RemoveRange(at, Math.Min(random.Next(5), lines.Count - at));
                    break;
                case 4:
                    lines.InsertRange(random.Next(2) == 0 ? lines.Count : to, other.Take(random.Next(other.Count)));
                    break;
                case 5:
                    lines[at] = Sealed(Seq().Replace(Text(lines[at]), $"\"seq\":{(random.Next(3) == 0 ? long.MaxValue - random.Next(3) : random.Next(1000)).ToString(CultureInfo.InvariantCulture)}", 1));
                    break;
                case 6:
                    lines[at] = [.. lines[at].Select((b, n) => n < lines[at].Length - 1 ? (byte)0 : b)];
                    break;
                case 7:
                    lines[at] = [.. lines[at][..^1]];
                    break;
                default:
                    lines[at] = [.. lines[at].Select(b => random.Next(200) == 0 ? (byte)random.Next(256) : b)];
                    break;
            }

            if (lines.Count < 3)
                break;
        }

        byte[] log = [.. lines.SelectMany(l => l)];
        return random.Next(3) == 0 ? log[..(log.Length - random.Next(300))] : log;
    }

    private static IEnumerable<EventBody> Batch(int n)
    {
        for (var i = 0; i <= n % 3; i++)
            yield return n % 5 == 0 ? Some.Message(new string((char)('a' + (n % 26)), 3000)) : Some.Titled($"title {n} {i}");
    }

    private async Task<List<byte[]>> LinesAsync(SessionId session) => Lines(await File.ReadAllBytesAsync(LogOf(session), Cancellation));

    private static List<byte[]> Lines(byte[] log) => [.. LineStarts(log).Zip(LineStarts(log).Skip(1)).Select(l => log[l.First..l.Second])];

    private static string Text(byte[] line) => Encoding.UTF8.GetString(line);

    private static byte[] Sealed(string line)
    {
        var sealedLine = new ArrayBufferWriter<byte>();
        LogLine.Seal(Encoding.UTF8.GetBytes(Seal().Replace(line, "}")), sealedLine);
        return sealedLine.WrittenSpan.ToArray();
    }

    [GeneratedRegex("(?<=\"session\":\")ses_[^\"]+")]
    private static partial Regex Id();

    [GeneratedRegex("\"seq\":[0-9]+")]
    private static partial Regex Seq();

    [GeneratedRegex(",\"crc\":\"[^\"]*\"}\n?$")]
    private static partial Regex Seal();
}
