using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Skein.Agent.Tools;

/// <summary>Finds lines by a regular expression.</summary>
internal sealed class GrepTool(ToolSettings settings) : ITool
{
    private const int MostMatches = 1000;
    private const int DefaultMatches = 200;
    private const int MostCharactersOfLine = 16 * 1024;
    private const int Shown = 400;
    private const long MostBytesOfFile = 64 << 20;

    /// <summary>For one line: a pattern that takes longer was not meant.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    public string Name => "grep";

    public string Description { get; } = ToolTexts.Description("grep");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "pattern": { "type": "string", "minLength": 1, "description": "A .NET regular expression; it is looked for in each line." },
            "path": { "type": "string", "description": "The file or folder to look in. Default: the workspace." },
            "include": { "type": "string", "description": "Only files that match this glob, for example *.cs or src/**/*.{ts,tsx}." },
            "ignore_case": { "type": "boolean", "description": "Default: false." },
            "files_only": { "type": "boolean", "description": "Only tell the files. Default: false." },
            "limit": { "type": "integer", "minimum": 1, "maximum": 1000, "description": "The most lines, or files, to tell. Default: 200." }
          },
          "required": ["pattern"],
          "additionalProperties": false
        }
        """);

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var call = Parse(arguments, context);
        return ValueTask.FromResult(call.Path.Reading($"grep {ToolTexts.OneLine(call.Pattern.ToString(), 100)} in {ToolTexts.OneLine(call.Path.Subject, 100)}"));
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var call = Parse(arguments, context);
        if (!Path.Exists(call.Path.Real))
            throw new ToolInputException($"There is no file or folder '{call.Path.Subject}'.");

        // Off the caller's thread: matching is work, and other calls of the step run beside it.
        return await Task.Run(() => SearchAsync(call, context, cancellationToken), cancellationToken);
    }

    private async Task<ToolOutput> SearchAsync(Call call, ToolContext context, CancellationToken cancellationToken)
    {
        var result = new Result(call);
        foreach (var (path, shown) in Files(call, context, cancellationToken))
        {
            if (result.IsFull)
                break;

            try
            {
                await SearchFileAsync(path, shown, call, result, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                result.Unreadable++;
            }
        }

        return result.ToOutput();
    }

    private static async Task SearchFileAsync(string path, string shown, Call call, Result result, CancellationToken cancellationToken)
    {
        // What the system says is empty could be a pipe, and opening that would never return.
        var size = new FileInfo(path).Length;
        if (size == 0)
            return;

        if (size > MostBytesOfFile)
        {
            result.TooLarge++;
            return;
        }

        using var file = await TextFile.OpenAsync(path, cancellationToken);
        if (file is null)
            return;

        var lines = new LineReader(file, MostCharactersOfLine);
        for (var number = 1; await lines.ReadAsync(cancellationToken) is { } line; number++)
        {
            if (!IsMatch(call.Pattern, line, shown, number))
                continue;

            result.Add(shown, number, line);
            if (call.FilesOnly || result.IsFull)
                return;
        }
    }

    private static bool IsMatch(Regex pattern, string line, string shown, int number)
    {
        try
        {
            return pattern.IsMatch(line);
        }
        catch (RegexMatchTimeoutException)
        {
            throw new ToolInputException($"The pattern is too slow ('{shown}', line {number}): avoid nested repetitions.");
        }
    }

    private IEnumerable<(string Path, string Shown)> Files(Call call, ToolContext context, CancellationToken cancellationToken)
    {
        if (File.Exists(call.Path.Real))
        {
            yield return (call.Path.Real, call.Path.Subject);
            yield break;
        }

        foreach (var found in new FileWalk(context, settings).Below(call.Path, int.MaxValue, cancellationToken))
        {
            var relative = Path.GetRelativePath(call.Path.Real, found.Path).Replace(Path.DirectorySeparatorChar, '/');
            if (!found.IsFolder && !found.IsLink && (call.Include.Count == 0 || call.Include.Any(glob => glob.Matches(relative))))
                yield return (found.Path, call.Path.Subject == "." ? relative : $"{call.Path.Subject}/{relative}");
        }
    }

    private Call Parse(JsonElement json, ToolContext context)
    {
        var arguments = new ToolArguments(Name, json, "pattern", "path", "include", "ignore_case", "files_only", "limit");
        var pattern = arguments.Text("pattern");
        if (pattern.Length == 0)
            throw new ToolInputException("'pattern' must not be empty.");

        try
        {
            var options = RegexOptions.CultureInvariant | (arguments.Flag("ignore_case") ? RegexOptions.IgnoreCase : RegexOptions.None);
            return new Call(
                new Regex(pattern, options, s_patience),
                ToolPath.Resolve(arguments.OptionalText("path") ?? ".", context, settings),
                arguments.OptionalText("include") is { } include
                    ? [.. Glob.ExpandBraces(include.Contains('/') ? include : "**/" + include).Select(Glob.ForPaths)]
                    : [],
                arguments.Flag("files_only"),
                arguments.Number("limit", DefaultMatches, least: 1, MostMatches));
        }
        catch (RegexParseException e)
        {
            throw new ToolInputException($"'pattern' is no regular expression: {e.Message}");
        }
    }

    private sealed record Call(Regex Pattern, ToolPath Path, IReadOnlyList<Glob> Include, bool FilesOnly, int Limit);

    private sealed class Result(Call call)
    {
        private readonly StringBuilder _text = new();
        private int _matches;
        private int _files;
        private string? _last;

        public int Unreadable { get; set; }
        public int TooLarge { get; set; }
        public bool IsFull => _matches >= call.Limit;

        public void Add(string file, int number, string line)
        {
            _matches++;
            if (file != _last)
                _files++;
            _last = file;
            _text.Append(call.FilesOnly ? $"{file}\n" : string.Create(CultureInfo.InvariantCulture, $"{file}:{number}: {ToolTexts.OneLine(line, Shown)}\n"));
        }

        public ToolOutput ToOutput()
        {
            if (_matches == 0)
                _text.Append("Nothing matches.\n");
            if (IsFull)
                _text.Append(CultureInfo.InvariantCulture, $"(There may be more: these are the first {call.Limit}.)\n");
            if (Unreadable > 0)
                _text.Append(CultureInfo.InvariantCulture, $"({Unreadable} files could not be read.)\n");
            if (TooLarge > 0)
                _text.Append(CultureInfo.InvariantCulture, $"({TooLarge} files are larger than {MostBytesOfFile >> 20} MiB and were not searched.)\n");

            return new ToolOutput(_text.ToString(), Metadata: ToolTexts.Metadata(("matches", _matches), ("files", _files)));
        }
    }
}
