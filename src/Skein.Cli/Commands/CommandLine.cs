using System.CommandLine;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

/// <summary>From arguments to an exit code: 0 well, 1 the turn or the command failed, 2 bad usage, 130 interrupted, 141 nobody reads the output any more.</summary>
internal static class CommandLine
{
    public const int Good = 0;
    public const int Failed = 1;
    public const int BadUsage = 2;
    public const int Interrupted = 130;

    /// <summary>What a shell says of a program that the system ended for it; we end by ourselves, so that what was begun is closed.</summary>
    public const int ReaderGone = 141;

    /// <summary>A server in the background ended, since another one has the home. People never see it.</summary>
    public const int HomeInUse = 3;

    private static readonly ParserConfiguration s_parsing = new()
    {
        // A prompt may begin with @.
        ResponseFileTokenReplacer = null,
    };

    public static async Task<int> RunAsync(string[] args, Surroundings surroundings, CancellationToken cancellationToken)
    {
        try
        {
            var parsed = CommandTree.For(args, surroundings).Parse(args, s_parsing);
            if (UsageErrors.FirstOf(parsed) is { } error)
                throw new UsageException(error);

            var configuration = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // Signals mean something else to each command; those that care listen themselves.
                ProcessTerminationTimeout = null,
                Output = new TerminalWriter(surroundings.Out),
                Error = new TerminalWriter(surroundings.Error),
            };
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (ReaderGoneException)
        {
            return ReaderGone;
        }
        catch (UsageException e)
        {
            return Tell(surroundings, e.Message, BadUsage, [.. e.Advice]);
        }
        catch (SkeinException e)
        {
            return Tell(surroundings, e.Message, e.Code is "invalid_request" or "malformed_id" ? BadUsage : Failed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Tell(surroundings, e.Message, Failed);
        }
        catch (Exception e)
        {
            // A mistake of ours: where it was made helps whoever is told of it.
            return Tell(surroundings, $"an unexpected error, {e.GetType().Name}: {e.Message}", Failed, e.StackTrace ?? "");
        }
    }

    private static int Tell(Surroundings surroundings, string message, int code, params ReadOnlySpan<string> more)
    {
        try
        {
            surroundings.Out.Status(null);
            surroundings.Error.WriteLine($"skein: {TerminalText.CleanLine(message)}", Style.Bad);
            foreach (var line in more)
                surroundings.Error.WriteLine(line);
        }
        catch (IOException)
        {
            // Nobody can be told that nobody can be told: the exit code says it.
        }

        return code;
    }
}

/// <summary>The command line breaks a rule that the message names.</summary>
internal sealed class UsageException(string message) : Exception(message)
{
    /// <summary>What to do about it, in lines below the message.</summary>
    public IReadOnlyList<string> Advice { get; init; } = [];
}
