using System.CommandLine;
using System.Text;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Exports;
using Skein.Cli.Screen;

namespace Skein.Cli.Commands;

internal static class ExportCommand
{
    private enum Format
    {
        Skein,
        Markdown,
        Json,
    }

    public static Command Create(Surroundings surroundings)
    {
        var name = Values.SessionOrLast();
        var format = Values.Word("--format", "FORMAT", "skein (all of it, for 'skein import'), markdown (to read) or json (the messages, for programs). Default: skein.",
            [("skein", Format.Skein), ("markdown", Format.Markdown), ("json", Format.Json)]);
        var output = new Option<string>("--output", "-o") { Description = "Write to this file, whole or not at all; without it: to standard output.", HelpName = "FILE" };
        var command = new Command("export", "Write a session as one file: what was said, what tools did, and the content that it names.") { name, format, output };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var id = await SessionName.ResolveAsync(client, parsed.GetValue(name)!, surroundings.Folder, cancellationToken);
            var view = await client.GetAsync(id, cancellationToken);
            var missing = new List<string>();
            await using var target = ExportTarget.Open(parsed.GetValue(output), surroundings);
            if ((parsed.GetValue(format) ?? Format.Skein) is var chosen && chosen == Format.Skein)
            {
                using var progress = new Progress(surroundings.Error, surroundings.Time, "exporting");
                var writer = new ExportWriter(target.Stream);
                await writer.WriteAsync(client, view.Session, surroundings.Time.GetUtcNow(), seq => progress.Show(seq, view.Session.Seq), cancellationToken);
                missing = writer.Missing;
            }
            else
            {
                var all = (await Pages.AllAsync(client, id, cancellationToken)).Items;
                var text = chosen == Format.Markdown ? MarkdownExport.Of(view.Session, all) : MarkdownExport.Json(view, all) + "\n";
                await target.Stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
            }

            await target.KeepAsync(cancellationToken);
            foreach (var one in missing)
                surroundings.Error.WriteLine($"skein: {one}", Style.Warning);
            return CommandLine.Good;
        });
        return command;
    }
}

/// <summary>Where an export goes: a file that appears when it is whole, or standard output.</summary>
internal sealed class ExportTarget : IAsyncDisposable
{
    private readonly string? _path;
    private readonly string? _temporary;
    private readonly Terminal? _screen;

    private ExportTarget(string? path, string? temporary, Stream stream, Terminal? screen) => (_path, _temporary, Stream, _screen) = (path, temporary, stream, screen);

    public Stream Stream { get; }

    public static ExportTarget Open(string? file, Surroundings surroundings)
    {
        if (file is null)
            return new ExportTarget(null, null, new TerminalStream(surroundings.Out), surroundings.Out);

        var path = Path.GetFullPath(file, surroundings.Folder);
        if (Directory.Exists(path))
            throw new UsageException($"'{file}' cannot be written: it is a folder.");
        if (!Directory.Exists(Path.GetDirectoryName(path)))
            throw new UsageException($"'{file}' cannot be written: its folder does not exist.");
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        return new ExportTarget(path, temporary, new FileStream(temporary, FileMode.CreateNew, FileAccess.Write), null);
    }

    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        await Stream.FlushAsync(cancellationToken);
        _screen?.EndLine();
        if (_path is null)
            return;
        await Stream.DisposeAsync();
        File.Move(_temporary!, _path, overwrite: true);
    }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        if (_temporary is not null)
            File.Delete(_temporary);
    }
}
