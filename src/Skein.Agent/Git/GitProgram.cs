using System.Text;
using Skein.Sandbox;

namespace Skein.Agent.Git;

/// <summary>
/// The one place that runs git for Skein itself. Of its user's and the machine's configuration nothing is in force, no hook, no filter and
/// nothing else that it names is run, nothing is fetched, and nobody is asked. Safe for use by many threads.
/// </summary>
/// <param name="path">Where programs are looked for, as in <c>PATH</c>; null: in the usual places.</param>
internal sealed class GitProgram(string? path)
{
    private const string Nowhere = "/dev/null";
    private const int LongestComplaint = 4096;

    /// <summary>Runs it to its end.</summary>
    /// <param name="where">Variables that say which repository it works on.</param>
    /// <param name="input">What it reads; null: nothing.</param>
    /// <param name="mostCode">Up to this its exit code is no error.</param>
    /// <exception cref="GitException">There is no git, or it ended with an error.</exception>
    public async Task<byte[]> RunAsync(
        string folder, IReadOnlyDictionary<string, string> where, IReadOnlyList<string> arguments, string? input, CancellationToken cancellationToken, int mostCode = 0)
    {
        await using var git = Start(folder, where, arguments, input is null ? ChildInput.Nothing : ChildInput.Text(input));
        var complaint = ReadComplaintAsync(git.Errors, cancellationToken);
        using var output = new MemoryStream();
        await git.Output.CopyToAsync(output, cancellationToken);
        var exit = await git.WaitAsync(cancellationToken);
        return exit.Code <= mostCode ? output.ToArray() : throw new GitException(exit.Code, $"git {arguments[0]}: {await complaint}");
    }

    /// <summary>The same, where what it says is one line of text.</summary>
    public async Task<string> AskAsync(
        string folder, IReadOnlyDictionary<string, string> where, IReadOnlyList<string> arguments, string? input, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetString(await RunAsync(folder, where, arguments, input, cancellationToken)).TrimEnd('\n');

    /// <summary>Reads what it says up to so many characters, and ends it where it says more.</summary>
    public async Task<(string Text, bool IsCut)> ReadStartAsync(
        string folder, IReadOnlyDictionary<string, string> where, IReadOnlyList<string> arguments, int most, CancellationToken cancellationToken)
    {
        await using var git = Start(folder, where, arguments, ChildInput.Nothing);
        var complaint = ReadComplaintAsync(git.Errors, cancellationToken);
        using var reader = new StreamReader(git.Output, Encoding.UTF8);
        var said = new StringBuilder();
        var buffer = new char[16 * 1024];
        for (int read; (read = await reader.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            said.Append(buffer, 0, Math.Min(read, most - said.Length));
            if (said.Length == most)
                return (said.ToString(), true);
        }

        var exit = await git.WaitAsync(cancellationToken);
        return exit.Code == 0 ? (said.ToString(), false) : throw new GitException(exit.Code, $"git {arguments[0]}: {await complaint}");
    }

    /// <exception cref="GitException">There is no git.</exception>
    public ChildProcess Start(string folder, IReadOnlyDictionary<string, string> where, IReadOnlyList<string> arguments, ChildInput input)
    {
        try
        {
            return ChildProcess.Start(new ChildStart("git", arguments, folder, Environment(where)) { Input = input });
        }
        catch (ChildStartException e)
        {
            throw new GitException(null, e.Message);
        }
    }

    private Dictionary<string, string> Environment(IReadOnlyDictionary<string, string> where) => new(where, StringComparer.Ordinal)
    {
        ["PATH"] = path ?? "/usr/local/bin:/usr/bin:/bin",
        ["LC_ALL"] = "C",

        // What it reads a file into it asks of the system anew for each, which takes more time than all else it does with 50,000 of them.
        ["MALLOC_TOP_PAD_"] = "8388608",
        ["MALLOC_TRIM_THRESHOLD_"] = "33554432",
        ["GIT_CONFIG_NOSYSTEM"] = "1",
        ["GIT_CONFIG_SYSTEM"] = Nowhere,
        ["GIT_CONFIG_GLOBAL"] = Nowhere,
        ["GIT_ATTR_NOSYSTEM"] = "1",
        ["GIT_NO_REPLACE_OBJECTS"] = "1",
        ["GIT_NO_LAZY_FETCH"] = "1",
        ["GIT_ALLOW_PROTOCOL"] = "",
        ["GIT_TERMINAL_PROMPT"] = "0",
        ["GIT_AUTHOR_NAME"] = "Skein",
        ["GIT_AUTHOR_EMAIL"] = "skein@localhost",
        ["GIT_COMMITTER_NAME"] = "Skein",
        ["GIT_COMMITTER_EMAIL"] = "skein@localhost",
    };

    private static async Task<string> ReadComplaintAsync(Stream errors, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(errors, Encoding.UTF8);
        var said = new StringBuilder();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (said.Length < LongestComplaint)
                said.Append(said.Length == 0 ? "" : " ").Append(line.Trim());
        }

        return said.ToString();
    }
}

/// <summary>Git cannot be run, or could not do it.</summary>
/// <param name="code">How it ended; null: it could not be started.</param>
internal sealed class GitException(int? code, string message) : Exception(message)
{
    public int? Code { get; } = code;
}
