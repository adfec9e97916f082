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

    private List<EventBody> _bodies = [];
    private CancellationTokenSource? _taken;

    public bool Any => _bodies.Count > 0;

    /// <summary>Completes when what is held has been long enough.</summary>
    public Task Due { get; private set; } = Task.CompletedTask;

    /// <param name="next">Null: nothing is known to come.</param>
    public bool MustGoBefore(AgentStep? next) =>
        Any && (Due.IsCompleted || _bodies.Count >= Most || next is not (null or AgentStep.Yield { Output: AgentEvents }));

    public void Add(IEnumerable<EventBody> bodies)
    {
        if (!Any)
        {
            _taken = new CancellationTokenSource();
            Due = Task.Delay(longest, time, _taken.Token);
        }

        _bodies.AddRange(bodies);
    }

    /// <summary>All that is held; from here on nothing is.</summary>
    public IReadOnlyList<EventBody> Take()
    {
        _taken?.Cancel();
        _taken?.Dispose();
        (var taken, _bodies, _taken) = (_bodies, [], null);
        return taken;
    }

    public void Dispose() => Take();
}
