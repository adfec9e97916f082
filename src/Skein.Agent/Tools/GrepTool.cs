using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Skein.Agent.Tools.Searching;
using Skein.Core;
using Skein.Sandbox;

namespace Skein.Agent.Tools;

/// <summary>Finds lines by a regular expression.</summary>
internal sealed class GrepTool(ToolSettings settings) : ITool
{
    private const int MostMatches = 1000;
    private const int DefaultMatches = 200;

    // How patterns say it by themselves.
    private const string WithoutCase = "(?i)";

    // What is searched as one piece of work, beside others.
    private const int FilesOfPiece = 32;

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
        return ValueTask.FromResult(call.Path.Reading($"grep {ToolTexts.OneLine(call.Pattern, 100)} in {ToolTexts.OneLine(call.Path.Subject, 100)}"));
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
        await using var ahead = new WorkAhead<IReadOnlyList<FileResult>>(cancellationToken);
        await foreach (var piece in PiecesAsync(call, context, cancellationToken))
        {
            ahead.Begin(stop => [.. piece.Select(file => Search(file, call, stop))]);
            if (ahead.Count == WorkAhead<IReadOnlyList<FileResult>>.Most)
                result.Add(await ahead.TakeAsync());
            if (result.IsFull)
                break;
        }

        while (!result.IsFull && ahead.Count > 0)
            result.Add(await ahead.TakeAsync());
        return result.ToOutput();
    }

    private static FileResult Search(Candidate file, Call call, CancellationToken cancellationToken)
    {
        try
        {
            using var opened = RegularFile.OpenRead(file.Path, out var size);
            if (opened is null || (size == 0 && !TextFile.IsOfKernel(file.Path)))
                return new FileResult(file.Shown, []);

            // What the kernel makes up when it is read has no size.
            return new FileResult(file.Shown, call.Lines.In(opened, file.Shown, size == 0 ? long.MaxValue : size, cancellationToken));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new FileResult(file.Shown, null);
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<Candidate>> PiecesAsync(Call call, ToolContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (File.Exists(call.Path.Real))
        {
            yield return [new Candidate(call.Path.Real, call.Path.Subject)];
            yield break;
        }

        var piece = new List<Candidate>(FilesOfPiece);
        await foreach (var found in new FileWalk(context, settings).BelowAsync(call.Path, int.MaxValue, cancellationToken))
        {
            if (found.IsFolder || found.IsLink || (call.Include.Count > 0 && !call.Include.Any(glob => glob.Matches(found.Below))))
                continue;

            piece.Add(new Candidate(found.Path, call.Path.Subject == "." ? found.Below : $"{call.Path.Subject}/{found.Below}"));
            if (piece.Count < FilesOfPiece)
                continue;

            yield return piece;
            piece = new List<Candidate>(FilesOfPiece);
        }

        yield return piece;
    }

    private Call Parse(JsonElement json, ToolContext context)
    {
        var arguments = new ToolArguments(Name, json, "pattern", "path", "include", "ignore_case", "files_only", "limit");
        var pattern = arguments.Text("pattern");
        if (pattern.Length == 0)
            throw new ToolInputException("'pattern' must not be empty.");

        try
        {
            var (ignoreCase, filesOnly) = (arguments.Flag("ignore_case") || pattern.StartsWith(WithoutCase, StringComparison.Ordinal), arguments.Flag("files_only"));
            var limit = arguments.Number("limit", DefaultMatches, least: 1, MostMatches);
            return new Call(
                pattern,
                new LineSearch(pattern, ignoreCase, filesOnly ? 1 : limit),
                ToolPath.Resolve(arguments.OptionalText("path") ?? ".", context, settings),
                arguments.OptionalText("include") is { } include
                    ? [.. Glob.ExpandBraces(include.Contains('/') ? include : "**/" + include).Select(Glob.ForPaths)]
                    : [],
                filesOnly,
                limit);
        }
        catch (RegexParseException e)
        {
            throw new ToolInputException($"'pattern' is no regular expression: {e.Message}");
        }
    }

    private sealed record Call(string Pattern, LineSearch Lines, ToolPath Path, IReadOnlyList<Glob> Include, bool FilesOnly, int Limit);

    /// <summary>A file that is to be searched.</summary>
    private readonly record struct Candidate(string Path, string Shown);

    /// <param name="Lines">Null: it could not be read.</param>
    private readonly record struct FileResult(string Shown, IReadOnlyList<MatchingLine>? Lines);

    private sealed class Result(Call call)
    {
        private readonly StringBuilder _text = new();
        private int _matches;
        private int _files;
        private int _unreadable;

        public bool IsFull => _matches >= call.Limit;

        public void Add(IEnumerable<FileResult> files)
        {
            foreach (var (shown, lines) in files)
            {
                if (lines is null)
                    _unreadable++;
                else if (lines.Count > 0 && !IsFull)
                    Add(shown, lines);
            }
        }

        public ToolOutput ToOutput()
        {
            if (_matches == 0)
                _text.Append("Nothing matches.\n");
            if (IsFull)
                _text.Append(CultureInfo.InvariantCulture, $"(There may be more: these are the first {call.Limit}.)\n");
            if (_unreadable > 0)
                _text.Append(CultureInfo.InvariantCulture, $"({_unreadable} files could not be read.)\n");

            return new ToolOutput(_text.ToString(), Metadata: ToolTexts.Metadata(("matches", _matches), ("files", _files)));
        }

        private void Add(string file, IReadOnlyList<MatchingLine> lines)
        {
            _files++;
            foreach (var line in lines.Take(call.Limit - _matches))
            {
                _matches++;
                _text.Append(call.FilesOnly ? $"{file}\n" : string.Create(CultureInfo.InvariantCulture, $"{file}:{line.Number}: {line.Text}\n"));
            }
        }
    }
}
