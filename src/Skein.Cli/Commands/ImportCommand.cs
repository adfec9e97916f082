using System.CommandLine;
using System.Text;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Exports;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Sandbox;

namespace Skein.Cli.Commands;

internal static class ImportCommand
{
    private const string Piped = "-";
    private const int LongestTitle = 100;

    public static Command Create(Surroundings surroundings)
    {
        var file = new Argument<string?>("FILE") { Description = "What 'skein export' wrote; '-' reads standard input. With --from: the agent's own id of its session; without it they are listed.", Arity = ArgumentArity.ZeroOrOne };
        var from = new Option<string>("--from") { Description = "Take over a session that was begun outside of Skein, by this agent: claude, codex, or one that lists its sessions over the Agent Client Protocol, such as opencode.", HelpName = "AGENT" };
        var all = new Option<bool>("--all") { Description = "With --from: list those of all folders." };
        var workspace = new Option<string>("--workspace") { Description = "The folder it goes on in; without it: this one; with --from: its own.", HelpName = "PATH" };
        var mode = Values.Mode();
        var json = Values.Json();
        var command = new Command("import", "Make a new session of an exported one, whose mode and folder are yours, not the file's; or, with --from, of one that was begun with another agent.") { file, from, all, workspace, mode, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(from) is { } agent)
            {
                var adoption = new Adoption(agent, surroundings);
                return parsed.GetValue(file) is { } id
                    ? await adoption.AdoptAsync(id, parsed.GetValue(workspace), parsed.GetValue(mode), parsed.GetValue(json), cancellationToken)
                    : await adoption.ListAsync(parsed.GetValue(all), parsed.GetValue(json), cancellationToken);
            }

            if (parsed.GetValue(file) is null)
                throw new UsageException("Say which FILE 'skein export' wrote, or whose sessions to take over with --from.");
            var folder = RealPath.Of(Path.GetFullPath(parsed.GetValue(workspace) ?? ".", surroundings.Folder));
            if (!Directory.Exists(folder))
                throw new UsageException($"The workspace '{parsed.GetValue(workspace)}' is not a folder that exists.");
            using var text = Open(parsed.GetValue(file)!, surroundings, out var length);
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);

            var reader = new ExportReader(text, parsed.GetValue(file)!);
            using (var progress = new Progress(surroundings.Error, surroundings.Time, "importing"))
            {
                await reader.ReadAsync(
                    (path, type, stop) => client.PutBlobAsync(() => File.OpenRead(path), type, stop), read => progress.Show(read, length, Spans.Bytes), cancellationToken);
            }

            var origin = reader.Session;
            var title = TerminalText.CleanLine(origin.Title);
            var view = await client.ImportAsync(
                new ImportRequest(
                    folder, "skein", origin.Id.Value, reader.Messages, origin.Agent, origin.Model, parsed.GetValue(mode),
                    title.Length == 0 ? null : title.Length <= LongestTitle ? title : title[..LongestTitle], origin.TitleSource),
                cancellationToken);

            foreach (var blob in reader.Missing)
                surroundings.Error.WriteLine($"skein: blob {blob} is not in the file: what it holds cannot be shown.", Style.Warning);
            if (view.Session.Agent != origin.Agent || view.Session.Model != origin.Model)
                surroundings.Error.WriteLine($"skein: it goes on with {view.Session.Model ?? view.Session.Agent}, since {origin.Model ?? origin.Agent} cannot be used here.", Style.Warning);
            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(view, SkeinJson.Relaxed.SessionView));
            else
                Answers.Tell(surroundings, view.Session, $"has the {Spans.Plural(view.Session.Messages, "message")} of {origin.Id}");
            return CommandLine.Good;
        });
        return command;
    }

    private static TextReader Open(string file, Surroundings surroundings, out long length)
    {
        length = 0;
        if (file == Piped)
            return surroundings.Input;

        var path = Path.GetFullPath(file, surroundings.Folder);
        if (!File.Exists(path))
            throw new UsageException($"The file '{file}' {(Directory.Exists(path) ? "is a folder" : "does not exist")}.");
        length = new FileInfo(path).Length;
        return new StreamReader(path, new UTF8Encoding(false));
    }
}
