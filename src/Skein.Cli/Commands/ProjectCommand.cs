using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Agent.Projects;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class ProjectCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var mark = new Option<bool>("--mark") { Description = $"Put a file {ProjectMark.FileName} with an id into this folder, so that its sessions follow it wherever it goes." };
        var json = Values.Json();
        var command = new Command("project", "Tell by what this folder is known again when it is moved or cloned: git's first commit, or a file with an id. Starts no server.") { mark, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(mark))
                await ProjectMark.WriteAsync(surroundings.Folder, cancellationToken);
            var finder = new ProjectFinder(surroundings.Variable("PATH"), surroundings.Time);
            var project = await finder.FindAsync(surroundings.Folder, cancellationToken);

            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(new JsonObject { ["folder"] = surroundings.Folder, ["root"] = project?.Root, ["path"] = project?.Path }.ToJsonString(SkeinJson.Relaxed.Options));
            else if (project is not null)
                surroundings.Out.WriteLine((project.Root, Style.Accent), (project.Path.Length > 0 ? $"  {project.Path}" : "", Style.Plain));
            else
                surroundings.Error.WriteLine($"Nothing tells {surroundings.Folder} from others once it is moved: 'skein project --mark' puts an id into it.", Style.Dim);
            return project is null ? CommandLine.Failed : CommandLine.Good;
        });
        return command;
    }
}
