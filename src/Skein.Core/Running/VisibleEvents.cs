using System.Runtime.CompilerServices;
using Skein.Core.Events;

namespace Skein.Core.Running;

/// <summary>Reads a session from its end, newest event first, without what makes no difference to what is seen of it: rewinds and the messages they hide, and text that has arrived whole since.</summary>
internal static class VisibleEvents
{
    /// <param name="before">Exclusive; <see cref="long.MaxValue"/> begins at the end.</param>
    public static async IAsyncEnumerable<SessionEvent> BackAsync(
        ISessionStore store, SessionId session, long before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var hidden = new List<(long Keep, long At)>();
        var arrived = new HashSet<PartId>();
        var unrewound = 0;
        await foreach (var e in store.ReadBackAsync(session, before, cancellationToken))
        {
            switch (e.Body)
            {
                case SessionUnrewound:
                    unrewound++;
                    break;
                case SessionRewound when unrewound > 0:
                    unrewound--;
                    break;
                case SessionRewound rewound:
                    hidden.Add((rewound.Keep, e.Seq));
                    break;
                case PartStreamed streamed when arrived.Contains(streamed.Part):
                    break;
                case MessageAdded:
                    arrived.Clear();
                    if (!hidden.Exists(h => h.Keep < e.Seq && e.Seq < h.At))
                        yield return e;
                    break;
                default:
                    if (e.Body is PartAdded added)
                        arrived.Add(added.Part);
                    yield return e;
                    break;
            }
        }
    }
}
