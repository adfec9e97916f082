using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>What a follower is handed.</summary>
public abstract record FeedFrame
{
    private protected FeedFrame() { }
}

/// <summary>A durable event, or a <see cref="Gap"/>. After it the follower's cursor is the event's sequence.</summary>
public sealed record EventFrame(SessionEvent Event) : FeedFrame;

/// <summary>Text that is still arriving. It has no sequence and does not move the cursor.</summary>
public sealed record DeltaFrame(PartDelta Delta) : FeedFrame;
