using Skein.Store;

namespace Skein.Tests.Store;

public sealed class NoCollectionTests
{
    [Fact]
    public void More_than_was_said_is_collected_as_usual()
    {
        var collections = GC.CollectionCount(0);
        using (new NoCollection(1 << 20))
        {
            for (var i = 0; i < 100_000; i++)
                GC.KeepAlive(new byte[4096]);
        }

        Assert.True(GC.CollectionCount(0) > collections + 1);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(1 << 20)]
    public void What_the_process_may_not_have_and_a_second_at_once_change_nothing(long bytes)
    {
        using var first = new NoCollection(bytes);
        using var second = new NoCollection(bytes);

        GC.KeepAlive(new byte[4096]);
    }
}
