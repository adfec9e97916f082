using System.CommandLine;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Mcp;
using Skein.Sandbox;

namespace Skein.Cli.Commands;

internal static class McpServeCommand
{
    private static readonly (string Word, Allowance Allowance)[] s_allowances = [("read", Allowance.Read), ("fork", Allowance.Fork), ("prompt", Allowance.Prompt)];

    public static Command Create(Surroundings surroundings)
    {
        var allow = Values.Words("--allow", "WHAT", "What it may do: read (which it always may), fork, or prompt, which also begins sessions. Several with commas between them.", s_allowances);
        var workspace = new Option<string>("--workspace", "-w") { Description = "Only sessions of this folder; '.' is this one.", HelpName = "FOLDER" };
        var command = new Command("serve", "Give your sessions to another agent, which starts this as its MCP server: it can list, search and read them.") { allow, workspace };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var folder = parsed.GetValue(workspace) is { } named ? RealPath.Of(Path.GetFullPath(named, surroundings.Folder)) : null;
            if (folder is not null && !Directory.Exists(folder))
                throw new UsageException($"--workspace {folder}: there is no such folder.");
            await using var scope = new SessionScope(folder, surroundings.Folder, token => Servers.FindOrStartAsync(surroundings, token));
            HashSet<Allowance> allowed = [Allowance.Read, .. parsed.GetValue(allow) ?? []];
            await SessionMcpServer.RunAsync(scope, allowed, surroundings.Time, Console.OpenStandardInput(), Console.OpenStandardOutput(), cancellationToken);
            return CommandLine.Good;
        });
        return command;
    }
}
