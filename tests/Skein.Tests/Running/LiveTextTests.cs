using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Running;

namespace Skein.Tests.Running;

/// <summary>Text that is arriving, as followers take it.</summary>
public sealed class LiveTextTests
{
    private readonly IdSource _ids = new(TimeProvider.System);
    private readonly LiveText _live = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_part_that_was_read_whole_is_not_sent_again_while_its_text_is_still_here(bool wasSent)
    {
        var (message, part) = (_ids.Next<MessageId>(), _ids.Next<PartId>());
        var sent = new Dictionary<PartId, int>();
        _live.Append(new AgentDelta(message, part, StreamKind.Text, "word "), 0);
        if (wasSent)
            Assert.Equal("word ", Assert.Single(_live.TakeNew(sent, 1, out _)).Text);

        _live.End(sent, part);
        _live.Append(new AgentDelta(message, part, StreamKind.Text, "word "), 0);

        Assert.Empty(_live.TakeNew(sent, 1, out _));
        _live.Clear();
        Assert.Empty(_live.TakeNew(sent, 1, out _));
        Assert.Empty(sent);
    }
}
