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

    private List<EventBody> _bodies = [];
    private List<AgentDelta> _words = [];
    private bool _hasSpoken;
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
            Due = delay(TimeSpan.FromTicks(Math.Max(0, Left().Ticks)));
        }

        return true;
    }

    /// <summary>All that is held; from here on nothing is.</summary>
    /// <returns>The words come after the events.</returns>
    public (IReadOnlyList<EventBody> Bodies, IReadOnlyList<AgentDelta> Words) Take()
    {
        var taken = (_bodies, _words);
        (_bodies, _words) = ([], []);
        return taken;
    }

    // A turn's first words are waited for.
    private bool IsHeld(AgentStep? next) => next is null or AgentStep.Yield { Output: AgentEvents } || (_hasSpoken && next is AgentStep.Yield { Output: AgentDelta });

    private TimeSpan Left()
    {
        var left = longest - time.GetElapsedTime(_since);
        return _words.Count > 0 && longestOfWords - time.GetElapsedTime(_wordsSince) is var less && less < left ? less : left;
    }

    private bool IsLongEnough()
    {
        var left = Left();
        if (left <= TimeSpan.Zero)
            return true;
        // Clocks differ by a little.
        if (Due.IsCompleted)
            Due = delay(left);
        return false;
    }
}
