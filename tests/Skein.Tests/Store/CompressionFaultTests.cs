using Skein.Core;
using Skein.Store;

namespace Skein.Tests.Store;

/// <summary>At whatever call the disk refuses or the process ends while a log is compressed or unpacked, the session is whole.</summary>
public sealed class CompressionFaultTests : CompressedTests
{
    private IReadOnlyList<string> _expected = [];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_compression_that_ends_at_any_call_leaves_a_whole_session(bool dies)
    {
        var session = await MakeAsync([.. Some.WholeTurn(1)], [.. Some.WholeTurn(3)]);
        await using (var store = await OpenAsync())
            _expected = Some.Texts(await ReadAsync(store, session));

        for (var call = 0; ; call++)
        {
            bool isOver;
            await using (var store = await OpenCompressingAsync())
            {
                Meet(dies, call);
                var collected = await store.CollectAsync(Cancellation);
                isOver = !HasMet(dies);
                Disk.Heal();
                Assert.True(collected.Compressed.Files == 1 || collected.Problems.Count > 0, $"Call {call}: nothing was done, and nothing told.");
                if (!dies)
                    await RequireWholeAsync(store, session);
            }

            await using (var store = await OpenAsync())
            {
                await RequireWholeAsync(store, session);
                Assert.Single(Directory.EnumerateFiles(Path.GetDirectoryName(LogOf(session))!));

                // For the next round it is plain again.
                await (await store.OpenWriterAsync(session, Cancellation)).DisposeAsync();
                AssertIsPlain(session);
            }

            if (isOver)
                break;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_unpacking_that_ends_at_any_call_leaves_a_whole_session(bool dies)
    {
        var session = await MakeAsync([.. Some.WholeTurn(1)], [.. Some.WholeTurn(3)]);
        await using (var store = await OpenAsync())
            _expected = Some.Texts(await ReadAsync(store, session));

        for (var call = 0; ; call++)
        {
            await CompressAsync();
            AssertIsCompressed(session);
            bool isOver;
            await using (var store = await OpenAsync())
            {
                Meet(dies, call);
                try
                {
                    await (await store.OpenWriterAsync(session, Cancellation)).DisposeAsync();
                }
                catch (Exception e) when (e is StoreStoppedException or DamagedException)
                {
                    Assert.Contains(session.Value, e.Message, StringComparison.Ordinal);
                }

                isOver = !HasMet(dies);
                Disk.Heal();
                if (!dies)
                {
                    await RequireWholeAsync(store, session);
                    await (await store.OpenWriterAsync(session, Cancellation)).DisposeAsync();
                }
            }

            await using (var store = await OpenAsync())
            {
                await RequireWholeAsync(store, session);
                Assert.Single(Directory.EnumerateFiles(Path.GetDirectoryName(LogOf(session))!));
            }

            if (isOver)
                break;
        }
    }

    private void Meet(bool dies, int call)
    {
        if (dies)
            Disk.DieAfter(call, tornAfter: call % 5 * 10);
        else
            Disk.FailAfter(call, "No space left on device", times: 1, tornAfter: call % 5 * 10);
    }

    private bool HasMet(bool dies) => dies ? Disk.IsDead : Disk.HasFailed;

    private async Task RequireWholeAsync(EmbeddedStore store, SessionId session)
    {
        Assert.Equal(_expected, Some.Texts(await ReadAsync(store, session)));
        Assert.DoesNotContain(store.Damaged, d => d.Path.Contains(session.Value, StringComparison.Ordinal));
        Assert.Equal(_expected.Count, (await store.FindAsync(session, Cancellation))!.Seq);
    }
}
