using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Driving;

/// <summary>
/// What a driven agent has told, held for a moment: it tells a step in many lines, and each append is a flush of the disk, which the first word
/// of an answer would wait for. Nothing else happens before what is held is told.
/// </summary>
internal sealed class HeldEvents(TimeSpan longest, TimeProvider time) : IDisposable
{
    private const int Most = 100;

    /// <summary>Timers know nothing shorter.</summary>
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(1);

    private readonly CancellationTokenSource _ends = new();
    private List<EventBody> _bodies = [];
    private long _since;

    public bool Any => _bodies.Count > 0;

    /// <summary>Completes when it is time to ask <see cref="MustGoBefore"/>.</summary>
    public Task Due { get; private set; } = Task.CompletedTask;

    /// <param name="next">Null: nothing is known to come.</param>
    public bool MustGoBefore(AgentStep? next) =>
        Any && (next is not (null or AgentStep.Yield { Output: AgentEvents }) || _bodies.Count >= Most || IsLongEnough());

    public void Add(IEnumerable<EventBody> bodies)
    {
        if (!Any)
        {
            _since = time.GetTimestamp();
            if (Due.IsCompleted)
                Due = Task.Delay(longest, time, _ends.Token);
        }

        _bodies.AddRange(bodies);
    }

    /// <summary>All that is held; from here on nothing is.</summary>
    public IReadOnlyList<EventBody> Take()
    {
        (var taken, _bodies) = (_bodies, []);
        return taken;
    }

    public void Dispose()
    {
        _ends.Cancel();
        _ends.Dispose();
    }

    // What is taken early leaves its timer to what is held next: each that is set wakes a thread at once, and two when it runs out.
    private bool IsLongEnough()
    {
        if (!Due.IsCompleted)
            return false;

        var rest = longest - time.GetElapsedTime(_since);
        if (rest < s_least)
            return true;
        Due = Task.Delay(rest, time, _ends.Token);
        return false;
    }
}
