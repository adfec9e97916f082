using System.Globalization;
using Microsoft.Extensions.Logging;
using Skein.Cli.Screen;

namespace Skein.Cli.Composition;

/// <summary>What parts of the server log, a line each on standard error: for a server in the background that is the home's log file.</summary>
internal sealed class LineLog(Terminal terminal, TimeProvider time, LogLevel least) : ILoggerProvider
{
    /// <summary>The framework's own parts tell only what went wrong.</summary>
    public static ILoggerFactory Create(Surroundings surroundings, LogLevel least) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(least)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddProvider(new LineLog(surroundings.Error, surroundings.Time, least)));

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var at = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        var style = level >= LogLevel.Error ? Style.Bad : level == LogLevel.Warning ? Style.Warning : Style.Dim;
        terminal.WriteLine($"{at} {level.ToString().ToLowerInvariant()} {category}: {TerminalText.CleanLine(message)}", style);
        if (exception is not null)
            terminal.WriteLine(exception.ToString(), style);
    }

    private sealed class Logger(LineLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= log.Least && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                log.Write(logLevel, category, formatter(state, exception), exception);
        }
    }

    private LogLevel Least => least;
}
