using System.Text;
using Skein.Cli.Composition;
using Skein.Cli.Screen;

namespace Skein.Cli.Commands;

/// <summary>A prompt from where a person may have put it: the arguments, a file, a pipe. All that is given is joined, in this order.</summary>
internal static class Prompt
{
    private const string Piped = "-";
    private static readonly TimeSpan s_explainAfter = TimeSpan.FromSeconds(3);

    /// <exception cref="UsageException">There is none, or the file does not exist or is no text.</exception>
    public static async Task<string> ReadAsync(Surroundings surroundings, string[] words, string? file, CancellationToken cancellationToken)
    {
        if (words is [Piped] && surroundings.InputIsTerminal)
            throw new UsageException("'-' reads the prompt from standard input, which is a terminal: pipe something in, or give the prompt as arguments.");

        string[] pieces =
        [
            words is [Piped] ? "" : string.Join(' ', words),
            file is null ? "" : await ReadFileAsync(file, surroundings.Folder, cancellationToken),
            surroundings.InputIsTerminal ? "" : await ReadInputAsync(surroundings, cancellationToken),
        ];
        var prompt = string.Join("\n\n", pieces.Select(p => p.Trim('\n', '\r')).Where(p => !string.IsNullOrWhiteSpace(p)));
        return prompt.Length > 0
            ? prompt
            : throw new UsageException("There is no prompt: give it as arguments, with --file PATH, or through a pipe.");
    }

    private static async Task<string> ReadFileAsync(string file, string folder, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(file, folder);
        try
        {
            var bytes = await File.ReadAllBytesAsync(path, cancellationToken);
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"The prompt file '{file}' does not exist.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new UsageException($"The prompt file '{file}' cannot be read: {(Directory.Exists(path) ? "it is a folder" : "permission denied")}.");
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException($"The prompt file '{file}' is not text in UTF-8.");
        }
    }

    // Some programs hand on a pipe that nobody ever writes to or closes. What might be in it is not thrown away, but waiting is explained.
    private static async Task<string> ReadInputAsync(Surroundings surroundings, CancellationToken cancellationToken)
    {
        // The read itself may block and cannot be cancelled, so it has a thread of its own.
        var reading = Task.Factory.StartNew(surroundings.Input.ReadToEnd, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return await reading.WaitAsync(s_explainAfter, surroundings.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            surroundings.Error.WriteLine("skein: waiting for standard input to end; where there is none, say </dev/null", Style.Dim);
            return await reading.WaitAsync(cancellationToken);
        }
    }
}
