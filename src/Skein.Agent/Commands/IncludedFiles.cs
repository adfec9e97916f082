using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Skein.Agent.Definitions;
using Skein.Agent.Tools;
using Skein.Core;

namespace Skein.Agent.Commands;

/// <summary>
/// The files that a command names with an @: their texts are put below it. What the model might not read unasked is not read here either.
/// </summary>
internal sealed partial class IncludedFiles(ToolGate gate, ToolSettings settings)
{
    private const int MostBytes = 256 << 10;
    private const int MostFiles = 20;

    /// <param name="command">Whose text it is, for errors, and the line that the text begins at.</param>
    /// <exception cref="DefinitionException">A file is there and cannot be included.</exception>
    public async Task<string> AppendAsync(string text, Session session, (string File, int Line) command, CancellationToken cancellationToken)
    {
        var (all, seen) = (new StringBuilder(text), new HashSet<string>(StringComparer.Ordinal));
        foreach (Match match in Mention().Matches(text))
        {
            var line = command.Line + text.AsSpan(0, match.Index).Count('\n');
            try
            {
                if (Find(match.Groups[1].Value, session.Workspace) is not { } path || !seen.Add(path.Real))
                    continue;
                if (seen.Count > MostFiles)
                    throw new ToolInputException($"There may be {MostFiles} files.");
                all.Append(CultureInfo.InvariantCulture, $"\n\n<file path=\"{path.Subject}\">\n{await ReadAsync(path, session, cancellationToken)}\n</file>");
            }
            catch (ToolInputException e)
            {
                throw new DefinitionException(command.File, line, $"'@{match.Groups[1].Value}' cannot be included: {e.Message}");
            }
        }

        return all.ToString();
    }

    // What is no file may be somebody's name, or the end of a sentence stands behind it.
    private ToolPath? Find(string name, string workspace)
    {
        foreach (var candidate in new[] { name, name.TrimEnd('.', ',', ';', ':', '!', '?', ')', ']') }.Distinct())
        {
            if (candidate.Length > 0 && File.Exists(Path.GetFullPath(candidate, workspace)))
                return ToolPath.Resolve(candidate, workspace, settings);
        }

        return null;
    }

    private async Task<string> ReadAsync(ToolPath path, Session session, CancellationToken cancellationToken)
    {
        if (await gate.Decide(session, "read", path.Reading($"read {path.Subject}"), cancellationToken) is var verdict and not ToolVerdict.Allow)
            throw new ToolInputException(verdict is ToolVerdict.Deny deny ? deny.Message : "it is not in the folder of the session, or a rule asks before it is read.");
        if (TextFile.Size(path) is var size && size > MostBytes)
            throw new ToolInputException($"it has {size} bytes, and may have {MostBytes}.");

        try
        {
            using var reader = await TextFile.OpenAsync(path.Real, cancellationToken) ?? throw new ToolInputException("it is no text.");
            return (await reader.ReadToEndAsync(cancellationToken)).TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolInputException(e.Message);
        }
    }

    [GeneratedRegex(@"(?<![\w@/`])@([^\s`""'<>]+)")]
    private static partial Regex Mention();
}
