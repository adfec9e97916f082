using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Skein.Agent.Tools;

namespace Skein.Agent.Prompts;

/// <summary>A file that a prompt names.</summary>
/// <param name="Name">As it was named, with its lines: <c>src/a.cs:10-20</c>.</param>
public sealed record MentionedFile(string Name, string MediaType, byte[] Content);

/// <param name="Problems">What could not be attached and is text alone, a line each for people.</param>
public sealed record MentionedFiles(IReadOnlyList<MentionedFile> Files, IReadOnlyList<string> Problems);

/// <summary>Finds what a prompt names with @: <c>@src/a.cs</c>, <c>@src/a.cs:10-20</c>, <c>@"a file.md"</c>.</summary>
/// <param name="folder">What names are relative to.</param>
/// <param name="hidden">Folders of Skein's own, absolute: nothing of them is attached.</param>
public sealed partial class MentionFinder(string folder, IReadOnlyList<string> hidden)
{
    private const long MostBytes = 20 << 20;

    private readonly ToolSettings _settings = new(new Dictionary<string, string>(), TimeProvider.System) { HiddenFolders = hidden };

    public async Task<MentionedFiles> FindAsync(string prompt, CancellationToken cancellationToken)
    {
        var files = new List<MentionedFile>();
        var problems = new List<string>();
        foreach (var said in Mention().Matches(prompt).Select(m => m.Groups["quoted"].Success ? m.Groups["quoted"].Value + m.Groups["lines"].Value : m.Groups["bare"].Value).Distinct())
        {
            try
            {
                if (await ReadAsync(said, cancellationToken) is { } file)
                    files.Add(file);
            }
            catch (ToolInputException e)
            {
                problems.Add($"@{said} was not attached: {e.Message}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add($"@{said} was not attached: it cannot be read: {e.Message}");
            }
        }

        return new MentionedFiles(files, problems);
    }

    /// <returns>Null: it does not look like a file, and is left to be what it is.</returns>
    private async Task<MentionedFile?> ReadAsync(string said, CancellationToken cancellationToken)
    {
        // Words end with what belongs to the sentence, and names may end so too: what exists decides.
        foreach (var name in (string[])[said, said.TrimEnd('.', ',', ';', ':', '!', '?', ')', ']', '}', '"', '\'')])
        {
            if (name.Length == 0)
                return null;
            if (IsThere(name, out var whole))
                return await ReadAsync(name, whole, null, cancellationToken);
            if (Lines().Match(name) is { Success: true } match && IsThere(match.Groups["path"].Value, out var path))
                return await ReadAsync(name, path, match, cancellationToken);
        }

        return LooksLikeFile().IsMatch(said) ? throw new ToolInputException("there is no such file.") : null;
    }

    private bool IsThere(string name, out ToolPath path)
    {
        path = ToolPath.Resolve(name, folder, _settings);
        return Path.Exists(path.Real);
    }

    private static async Task<MentionedFile> ReadAsync(string name, ToolPath path, Match? lines, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path.Real))
            throw new ToolInputException("it is a folder: name a file in it.");

        var size = TextFile.Size(path);
        if (size > MostBytes)
            throw new ToolInputException($"it has {size:N0} bytes, more than the {MostBytes:N0} that a prompt may bring.");

        if (size > 0 && await MediaTypeAsync(path.Real, cancellationToken) is { } type)
            return new MentionedFile(name, type, await JudgedFile.ReadAsync(path.Real, cancellationToken));

        var text = await TextAsync(path, cancellationToken);
        return new MentionedFile(name, "text/plain", Encoding.UTF8.GetBytes(lines is null ? text : LinesOf(text, lines)));
    }

    private static async Task<string> TextAsync(ToolPath path, CancellationToken cancellationToken)
    {
        using var reader = await TextFile.OpenAsync(path.Real, cancellationToken)
            ?? throw new ToolInputException("it is neither a text nor an image.");
        return await reader.ReadToEndAsync(cancellationToken);
    }

    private static string LinesOf(string text, Match lines)
    {
        var all = text.Split('\n');
        var count = all is [.., ""] ? all.Length - 1 : all.Length;
        var from = Number(lines.Groups["from"]);
        var to = lines.Groups["to"].Success ? Number(lines.Groups["to"]) : from;
        if (from < 1 || from > to || from > count)
            throw new ToolInputException($"it has {count} lines, and {from}-{to} are none of them.");
        return string.Join('\n', all[(from - 1)..Math.Min(to, count)]) + "\n";
    }

    private static int Number(Group digits) => int.TryParse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;

    /// <summary>What models can be shown beside text, by how it begins; null: something else.</summary>
    private static async Task<string?> MediaTypeAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = JudgedFile.OpenRead(path);
        var start = new byte[12];
        var read = await stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        return start.AsSpan(0, read) switch
        {
            [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => "image/png",
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => "image/gif",
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P'] => "image/webp",
            [(byte)'%', (byte)'P', (byte)'D', (byte)'F', ..] => "application/pdf",
            _ => null,
        };
    }

    [GeneratedRegex("""(?<=\A|\s)@(?:"(?<quoted>[^"\n]+)"(?<lines>:\d+(?:-\d+)?)?|(?<bare>[^\s@"][^\s]*))""")]
    private static partial Regex Mention();

    [GeneratedRegex(@"\A(?<path>.+):(?<from>\d{1,9})(?:-(?<to>\d{1,9}))?\z")]
    private static partial Regex Lines();

    // Names of people and of annotations have neither a folder nor an ending.
    [GeneratedRegex(@"\A[^\s()<>{}=]*(/[^\s()<>{}=]+|\.[A-Za-z0-9]{1,8}(:\d+(-\d+)?)?)[.,;:!?]*\z")]
    private static partial Regex LooksLikeFile();
}
