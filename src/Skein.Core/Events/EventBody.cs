using System.Text.Json;

namespace Skein.Core.Events;

/// <summary>What happened: the content of an event, without its place in the log. The drawing of all of them is <c>docs/events.md</c>.</summary>
public abstract record EventBody
{
    // Closed on purpose: the names of events are the format of the log (EventNames).
    // A field that may be null must also be able to be absent, since nulls are not written: where it does not come last, the
    // attributes Optional and DefaultParameterValue say so to the JSON context, else every event without it would be unknown.
    private protected EventBody() { }
}

/// <summary>An event of a kind, or in a shape, that this version does not know. It is carried along unchanged.</summary>
public sealed record UnknownEvent(string Type, JsonElement Data) : EventBody;

/// <summary>
/// Not an event but a hole: the store could not read what stands at these bytes. It is never appended, readers are handed it in place of
/// the events lost.
/// </summary>
/// <param name="From">The first sequence lost.</param>
/// <param name="To">The last sequence lost; smaller than <paramref name="From"/> where the damage took no event.</param>
/// <param name="File">The file's name, relative to the store.</param>
/// <param name="Offset">The first damaged byte.</param>
/// <param name="Length">Bytes.</param>
public sealed record Gap(long From, long To, string File, long Offset, long Length) : EventBody
{
    /// <summary>Whether it took events.</summary>
    internal bool IsLoss => To >= From;

    /// <summary>The events it took, for people: <c>event 7</c>, <c>events 7 to 9</c>.</summary>
    internal string Lost => From == To ? $"event {From}" : $"events {From} to {To}";
}
