namespace Skein.Client;

/// <summary>How a <see cref="SkeinClient"/> behaves.</summary>
public sealed record SkeinClientOptions
{
    /// <summary>Who this is, as events will name it: 1 to 20 of <c>a-z</c>, <c>0-9</c> and <c>-</c>. Default: <c>sdk</c>.</summary>
    public string Name { get; init; } = "sdk";

    /// <summary>
    /// How long a server that was there may be away before a call or a follower gives up. Default: 30 s. A server that was never
    /// there is an error at once.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a stream may be silent before its connection counts as lost. The server says something every 15 s. Default: 45 s.
    /// </summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// Called before a call is made again to a server that did not answer: a program that can start one does so here. What it throws ends
    /// the call. Followers do not call it: they wait for the server that somebody needs. Default: none.
    /// </summary>
    public Func<CancellationToken, Task>? Revive { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
