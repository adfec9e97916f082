using Microsoft.Extensions.Logging;

namespace Skein.Core;

internal static partial class CoreLog
{
    [LoggerMessage(EventId = 101, Level = LogLevel.Error, Message = "Session {Session}: the agent threw; turn {Turn} fails")]
    public static partial void AgentThrew(this ILogger logger, SessionId session, TurnId turn, Exception exception);

    [LoggerMessage(EventId = 102, Level = LogLevel.Error, Message = "Session {Session}: an append failed; the session will be opened anew")]
    public static partial void RunnerFailed(this ILogger logger, SessionId session, Exception exception);

    [LoggerMessage(EventId = 103, Level = LogLevel.Warning, Message = "Session {Session}: taken over, mended: {Repairs}")]
    public static partial void Repaired(this ILogger logger, SessionId session, string repairs);

    [LoggerMessage(EventId = 104, Level = LogLevel.Error, Message = "Session {Session}: could not be taken over")]
    public static partial void TakeOverFailed(this ILogger logger, SessionId session, Exception exception);

    // A warning, so that a server in the foreground tells it, too.
    [LoggerMessage(EventId = 105, Level = LogLevel.Warning, Message = "Retention: {Trashed} sessions to the trash, {Purged} purged: {Sessions}")]
    public static partial void Retained(this ILogger logger, int trashed, int purged, string sessions);

    [LoggerMessage(EventId = 106, Level = LogLevel.Error, Message = "Retention: session {Session} was left as it is")]
    public static partial void RetentionFailed(this ILogger logger, SessionId session, Exception exception);

    [LoggerMessage(EventId = 107, Level = LogLevel.Information, Message = "Space given back: {Blobs} blobs, {Origins} origins of forks, {Leftovers} leftovers, {Compressed} logs compressed, {Bytes} bytes")]
    public static partial void Collected(this ILogger logger, int blobs, int origins, int leftovers, int compressed, long bytes);

    [LoggerMessage(EventId = 108, Level = LogLevel.Warning, Message = "Space not given back: {Problem}")]
    public static partial void NotCollected(this ILogger logger, string problem);

    [LoggerMessage(EventId = 110, Level = LogLevel.Information, Message = "Session {Session}: no title could be made; it keeps its own")]
    public static partial void NotTitled(this ILogger logger, SessionId session, Exception exception);

    [LoggerMessage(EventId = 111, Level = LogLevel.Warning, Message = "Session {Session}: its agent did not end an interrupted turn in time; the next turn gets another")]
    public static partial void AgentAbandoned(this ILogger logger, SessionId session);

    [LoggerMessage(EventId = 112, Level = LogLevel.Error, Message = "Session {Session}: its agent '{Agent}' failed while it was ended")]
    public static partial void AgentNotEnded(this ILogger logger, SessionId session, string agent, Exception exception);

    [LoggerMessage(EventId = 109, Level = LogLevel.Error, Message = "What the server does by itself failed; it is tried again tomorrow")]
    public static partial void HousekeepingFailed(this ILogger logger, Exception exception);
}
