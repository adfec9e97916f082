using System.Text;

namespace Skein.Agent.Tools;

/// <summary>What a shell told of itself beside what its command wrote: the folder in which it ended, for the next to begin there.</summary>
/// <param name="Folder">As it named it: absolute; null: it did not say, or was killed.</param>
/// <param name="Complaint">What whoever was to start it had to say instead.</param>
internal sealed record ShellFolder(string? Folder, string? Complaint)
{
    private const int Most = 64 * 1024;

    // The shell's own standard error is the way, under a number that nobody else takes. All on the first line, so that line numbers in
    // messages stay right.
    private const string Prelude = "exec 254>&2 2>&1; trap '{ set +x; printf \"\\1%s\\n\" \"$(pwd -P)\" >&254; } 2>/dev/null' EXIT; ";

    // What a shell or a sandbox says where it could not even begin has none.
    private const char Mark = '\u0001';

    // Others than bash have no such number.
    private const string PlainPrelude = "exec 2>&1; ";

    /// <summary>The same command, whose shell tells it on its standard error; what the command itself writes there goes to its standard output.</summary>
    public static string Telling(string shell, string command) => (shell.EndsWith("/bash", StringComparison.Ordinal) ? Prelude : PlainPrelude) + command;

    /// <summary>Reads it until nobody can write it any more.</summary>
    public static async Task<ShellFolder> ReadAsync(Stream errors)
    {
        var kept = new byte[Most];
        var (length, left) = (0, new byte[4096]);
        while (await errors.ReadAsync(length < Most ? kept.AsMemory(length) : left, CancellationToken.None) is var read and > 0)
            length = Math.Min(Most, length + read);

        var said = Encoding.UTF8.GetString(kept, 0, length).TrimEnd('\n');
        var mark = said.LastIndexOf(Mark);
        return mark < 0 ? new ShellFolder(null, said.Length == 0 ? null : said + "\n") : new ShellFolder(said[(mark + 1)..], null);
    }
}
