using Skein.Cli.Repl;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Running;

namespace Skein.Tests.Cli.Repl;

public sealed class TurnMeterTests
{
    [Theory]
    [InlineData(1, null, "1 token")]
    [InlineData(2, 0.25, "2 tokens, $0.25")]
    [InlineData(12_345, null, "12.3k tokens")]
    public void What_a_turn_spent_is_told_in_words(long output, double? cost, string said)
    {
        var ids = new IdSource(TimeProvider.System);
        var meter = new TurnMeter();
        var session = ids.Next<SessionId>();
        Assert.Null(meter.Spent);

        meter.Take(new EventFrame(new SessionEvent(session, 1, DateTimeOffset.UnixEpoch, new MessageCompleted(ids.Next<MessageId>(), StopReason.End, new Usage(100, output), (decimal?)cost))));

        Assert.Equal(said, meter.Spent);
    }
}
