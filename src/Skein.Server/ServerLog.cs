using Microsoft.Extensions.Logging;

namespace Skein.Server;

internal static partial class ServerLog
{
    [LoggerMessage(EventId = 400, Level = LogLevel.Information, Message = "Listening at {Socket}")]
    public static partial void Listening(this ILogger logger, string socket);

    [LoggerMessage(EventId = 401, Level = LogLevel.Information, Message = "Listening at {Address}")]
    public static partial void ListeningOnTcp(this ILogger logger, string address);

    [LoggerMessage(EventId = 402, Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    public static partial void RequestFailed(this ILogger logger, string method, string path, Exception exception);

    [LoggerMessage(EventId = 403, Level = LogLevel.Error, Message = "{Method} {Path} failed after its answer had begun; the connection is cut")]
    public static partial void AnswerBroken(this ILogger logger, string method, string path, Exception exception);

    [LoggerMessage(EventId = 404, Level = LogLevel.Warning, Message = "{Method} {Path} refused: {Reason}")]
    public static partial void Refused(this ILogger logger, string method, string path, string reason);

    [LoggerMessage(EventId = 405, Level = LogLevel.Information, Message = "Asked to stop")]
    public static partial void StopAsked(this ILogger logger);
}
