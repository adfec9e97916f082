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
}
