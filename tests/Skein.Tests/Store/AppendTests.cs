using Skein.Testing;

namespace Skein.Tests.Store;

/// <summary>What an append costs: its own bytes, however long the session is.</summary>
public sealed class AppendTests : EmbeddedTests
{
    // G-04, N-11.
    [Fact]
    public async Task An_append_reads_nothing_and_writes_its_own_lines_behind_what_stands_there()
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        await writer.AppendAsync([.. Enumerable.Range(0, 1_000).Select(i => Some.Titled($"{i}"))], null, Cancellation);
        var before = await File.ReadAllBytesAsync(LogOf(writer.Session), Cancellation);
        var reads = Disk.Count(DiskCall.Read, "");

        await writer.AppendAsync([Some.Titled("one"), Some.Titled("more")], null, Cancellation);

        var after = await File.ReadAllBytesAsync(LogOf(writer.Session), Cancellation);
        Assert.Equal(reads, Disk.Count(DiskCall.Read, ""));
        Assert.Equal(before, after[..before.Length]);
        Assert.Equal(2, after[before.Length..].Count(b => b == (byte)'\n'));
    }

    // G-04: what failed, and where.
    [Fact]
    public async Task An_append_that_fails_names_its_session_and_what_the_system_said()
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        Disk.Fail(DiskCall.Write, "sessions", "No space left on device");

        var refused = await Assert.ThrowsAsync<Skein.Core.StoreStoppedException>(async () => await writer.AppendAsync([Some.Titled("lost")], null, Cancellation));

        Assert.Contains(writer.Session.Value, refused.Message, StringComparison.Ordinal);
        Assert.Contains("No space left on device", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_with_a_thread_of_its_own_waits_for_the_disk_on_it()
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        var (isDone, lines) = (false, 0);

        var thread = new Thread(() =>
        {
            isDone = writer.AppendAsync([Some.Titled("at once")], null, Cancellation).AsTask().IsCompletedSuccessfully;
            lines = File.ReadAllLines(LogOf(writer.Session)).Length;
        });
        thread.Start();
        thread.Join();

        Assert.Equal((true, 2), (isDone, lines));
        Assert.Equal(2, writer.LastSeq);
    }

    [Fact]
    public async Task Who_waited_for_an_append_is_handed_it_without_a_read_of_the_file()
    {
        await using var store = await OpenAsync();
        await using var writer = await CreateAsync(store);
        var woken = store.WaitForChangeAsync(writer.Session, 1, Cancellation);
        await writer.AppendAsync([Some.Titled("one"), Some.Titled("two")], null, Cancellation);
        await woken;
        var reads = Disk.Count(DiskCall.Read, "");

        var (both, second, none) = (await ReadAsync(store, writer.Session, 1), await ReadAsync(store, writer.Session, 2), await ReadAsync(store, writer.Session, 3));

        Assert.Equal(reads, Disk.Count(DiskCall.Read, ""));
        var all = await ReadAsync(store, writer.Session);
        Assert.True(Disk.Count(DiskCall.Read, "") > reads);
        Assert.Equal(all.Skip(1), both);
        Assert.Equal(all.Skip(2), second);
        Assert.Empty(none);
    }
}
