using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Running;

namespace Skein.Adapters.Driving;

/// <summary>
/// What a driven agent has told, held for a moment: it tells a step in many lines, and each append is a flush of the disk, which the first word
/// of an answer would wait for. Nothing else happens before what is held is told. The words of later answers wait behind it too, for less: no
/// longer than followers are spared words that come too fast, and where their part is whole by then, nobody needs them any more.
/// </summary>
/// <param name="longestOfWords">What is held with words behind it; not longer than <paramref name="longest"/>, whatever it is.</param>
/// <param name="delay">Completes after so long; of its tasks only the latest is waited for.</param>
internal sealed class HeldEvents(TimeSpan longest, TimeSpan longestOfWords, TimeProvider time, Func<TimeSpan, Task> delay)
{
    private const int Most = 100;

    private readonly List<AgentDelta> _words = [];
    private List<EventBody> _bodies = [];
    private bool _hasSpoken;
    private bool _hasBegun;
    private bool _begins;
    private long _since;
    private long _wordsSince;

    public bool Any => _bodies.Count > 0;

    /// <summary>Completes when it is time to ask <see cref="MustGoBefore"/>.</summary>
    public Task Due { get; private set; } = Task.CompletedTask;

    /// <param name="next">Null: nothing is known to come.</param>
    public bool MustGoBefore(AgentStep? next) => Any && (!IsHeld(next) || _bodies.Count + _words.Count >= Most || IsLongEnough());

    public void Add(IReadOnlyList<EventBody> bodies)
    {
        if (!Any)
        {
            _since = time.GetTimestamp();
            Due = delay(longest);
        }

        _bodies.AddRange(bodies);
        _begins = !_hasBegun && bodies is [.., MessageAdded { Role: Role.Assistant }];
        _hasBegun |= _begins;
        if (_words.Count > 0)
            _words.RemoveAll(words => bodies.Any(body => LiveText.EndedBy(body) == words.Part));
    }

    /// <summary>Holds words, where something must be told before them.</summary>
    /// <returns>Whether it does; if not, they are to be told now.</returns>
    public bool TryHold(AgentDelta words)
    {
        _hasSpoken = true;
        if (!Any)
            return false;

        _words.Add(words);
        if (_words.Count == 1)
        {
            _wordsSince = time.GetTimestamp();
            Due = delay(Left());
        }

        return true;
    }

    /// <summary>All events that are held; the words behind them are to be told next.</summary>
    public IReadOnlyList<EventBody> Take()
    {
        (var taken, _bodies, _begins) = (_bodies, [], false);
        return taken;
    }

    /// <summary>The next words that nothing must be told before any more; null: there are none.</summary>
    public AgentDelta? TakeWords()
    {
        if (Any || _words is not [var next, ..])
            return null;
        _words.RemoveAt(0);
        return next;
    }

    // A turn's first words are waited for: the message that they will stand in is flushed while they are on their way.
    private bool IsHeld(AgentStep? next) => next switch
    {
        null => !_begins,
        AgentStep.Yield { Output: AgentEvents } => true,
        AgentStep.Yield { Output: AgentDelta } => _hasSpoken,
        _ => false,
    };

    private TimeSpan Left()
    {
        var left = longest - time.GetElapsedTime(_since);
        if (_words.Count > 0 && longestOfWords - time.GetElapsedTime(_wordsSince) is var less && less < left)
            left = less;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private bool IsLongEnough()
    {
        var left = Left();
        if (left == TimeSpan.Zero)
            return true;

        // Clocks differ by a little.
        if (Due.IsCompleted)
            Due = delay(left);
        return false;
    }
}
