using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Agent.Mcp;
using Skein.Agent.Settings;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class McpCommand
{
    public static Command Create(Surroundings surroundings) => new("mcp", "MCP servers, whose tools agents have: list, test, allow, add, remove; and Skein as one of them: serve.")
    {
        List(surroundings), Test(surroundings), Allow(surroundings), Add(surroundings), Remove(surroundings), McpServeCommand.Create(surroundings),
    };

    private static Command List(Surroundings surroundings)
    {
        var json = Values.Json();
        var command = new Command("list", "List the servers of this folder: those of the settings, and those of the project's .mcp.json. Starts none.") { json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
            var set = await settings.Mcp().FindAsync(surroundings.Folder, cancellationToken);
            var rows = set.Servers.Select(s => (Server: s, Waits: false)).Concat(set.Waiting.Select(s => (Server: s, Waits: true))).ToArray();
            if (parsed.GetValue(json))
            {
                surroundings.Out.WriteJsonLine(new JsonArray([.. rows.Select(r => new JsonObject
                {
                    ["name"] = r.Server.Name, ["where"] = r.Server.Where, ["sandbox"] = r.Server.Sandbox, ["waits_for_consent"] = r.Waits,
                })]).ToJsonString(SkeinJson.Relaxed.Options));
                return CommandLine.Good;
            }

            if (rows.Length == 0)
                surroundings.Out.WriteLine("No MCP servers. Add one: skein mcp add NAME -- COMMAND…, or skein mcp add NAME --url URL");
            else
            {
                var table = new Table(["server", "where", "", ""], elastic: 1);
                foreach (var (server, waits) in rows)
                    table.Add((server.Name, Style.Accent), (server.Where, Style.Plain), (server.Sandbox ? "in the sandbox" : "", Style.Dim), (waits ? $"skein mcp allow {server.Name}" : "", Style.Warning));
                table.WriteTo(surroundings.Out);
            }

            return CommandLine.Good;
        });
        return command;
    }

    private static Command Test(Surroundings surroundings)
    {
        var name = new Argument<string?>("NAME") { Description = "The server; else all that count here.", Arity = ArgumentArity.ZeroOrOne };
        var json = Values.Json();
        var command = new Command("test", "Start servers and list their tools. Exit code 1 where one cannot be used.") { name, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var home = SkeinHome.Of(surroundings);
            using var settings = new HomeSettings(home, surroundings);
            using var keys = new ProviderKeys(home.Own);
            var set = await settings.Mcp().FindAsync(surroundings.Folder, cancellationToken);
            var wanted = parsed.GetValue(name) is { } one ? [Named(set.Servers, one)] : set.Servers;
            await using var servers = settings.McpServers(settings.Tooling(surroundings), await keys.ReadAsync(cancellationToken));
            var looks = await Task.WhenAll(wanted.Select(s => servers.LookAsync(s, surroundings.Folder, cancellationToken)));
            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(Json(looks));
            else
                Show(surroundings, looks);
            return looks.All(l => l.Problem is null) ? CommandLine.Good : CommandLine.Failed;
        });
        return command;
    }

    private static Command Allow(Surroundings surroundings)
    {
        var name = new Argument<string>("NAME") { Description = "The server." };
        var command = new Command("allow", "Agree to a server of the project's .mcp.json, which then is started when an agent needs it. One that changes is asked about again.") { name };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
            var finder = settings.Mcp();
            var set = await finder.FindAsync(surroundings.Folder, cancellationToken);
            var server = Named(set.Waiting, parsed.GetValue(name)!);
            await finder.AllowAsync(surroundings.Folder, server, cancellationToken);
            surroundings.Out.WriteLine(TerminalText.CleanLine($"{server.Name} may be started here: {server.Where}"));
            return CommandLine.Good;
        });
        return command;
    }

    private static Command Add(Surroundings surroundings)
    {
        var name = new Argument<string>("NAME") { Description = "What it is called." };
        var program = new Argument<string[]>("COMMAND") { Description = "The program and its arguments, behind '--'.", Arity = ArgumentArity.ZeroOrMore };
        var url = new Option<string>("--url") { Description = "Its address, where it is no program.", HelpName = "URL" };
        var key = new Option<string>("--key") { Description = "The name of a key of 'skein auth' that is sent there as a bearer token.", HelpName = "NAME" };
        var sandbox = new Option<bool>("--sandbox") { Description = "Confine the program as commands are; it is not started where there is no sandbox." };
        var timeout = new Option<int?>("--timeout") { Description = "How long a call may take without a word of its progress. Default: 60.", HelpName = "SECONDS" };
        var command = new Command("add", "Add a server to your own settings, for all folders.") { name, program, url, key, sandbox, timeout };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
            var server = new JsonObject();
            if (parsed.GetValue(program) is { Length: > 0 } words)
                server["command"] = new JsonArray([.. words.Select(w => JsonValue.Create(w))]);
            if (parsed.GetValue(url) is { } address)
                server["url"] = address;
            if (parsed.GetValue(key) is { } stored)
                server["key"] = stored;
            if (parsed.GetValue(sandbox))
                server["sandbox"] = true;
            if (parsed.GetValue(timeout) is { } seconds)
                server["timeout_seconds"] = seconds;
            await SettingsFile.SetAsync(settings.UserFile, $"mcp.{parsed.GetValue(name)}", server.ToJsonString(SkeinJson.Relaxed.Options), cancellationToken);
            surroundings.Out.WriteLine($"{parsed.GetValue(name)} is in {settings.UserFile}; see whether it works: skein mcp test {parsed.GetValue(name)}");
            return CommandLine.Good;
        });
        return command;
    }

    private static Command Remove(Surroundings surroundings)
    {
        var name = new Argument<string>("NAME") { Description = "The server." };
        var command = new Command("remove", "Remove a server from your own settings.") { name };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
            if (await SettingsFile.RemoveAsync(settings.UserFile, $"mcp.{parsed.GetValue(name)}", cancellationToken))
                return CommandLine.Good;
            throw new UsageException($"There is no MCP server '{parsed.GetValue(name)}' in {settings.UserFile}.");
        });
        return command;
    }

    private static McpServer Named(IReadOnlyList<McpServer> servers, string name) =>
        servers.FirstOrDefault(s => s.Name == name) ?? throw new UsageException(servers.Count == 0
            ? $"There is no MCP server '{name}' here: skein mcp list"
            : $"There is no MCP server '{name}' here; there are: {string.Join(", ", servers.Select(s => s.Name))}.");

    private static void Show(Surroundings surroundings, IReadOnlyList<McpLook> looks)
    {
        foreach (var look in looks)
        {
            surroundings.Out.WriteLine((look.Server.Name, Style.Accent), ($"  {(look.Problem is null ? Offers(look.Offer) : TerminalText.CleanLine(look.Problem))}", look.Problem is null ? Style.Good : Style.Bad));
            foreach (var tool in look.Offer.Tools)
                surroundings.Out.WriteLine(($"  {TerminalText.CleanLine(tool.Name)}", Style.Bold), ($"  {TerminalText.CleanLine(tool.Description.Split('\n')[0])}", Style.Dim));
        }
    }

    private static string Offers(McpOffer offer) => string.Join(", ", new[]
    {
        Spans.Plural(offer.Tools.Count, "tool"), offer.Prompts.Count > 0 ? Spans.Plural(offer.Prompts.Count, "prompt") : "", offer.HasResources ? "resources" : "",
    }.Where(static t => t.Length > 0));

    private static string Json(IReadOnlyList<McpLook> looks) => new JsonArray([.. looks.Select(l => new JsonObject
    {
        ["name"] = l.Server.Name,
        ["problem"] = l.Problem,
        ["tools"] = new JsonArray([.. l.Offer.Tools.Select(t => new JsonObject { ["name"] = t.Name, ["description"] = t.Description, ["schema"] = JsonNode.Parse(t.Schema.GetRawText()) })]),
        ["prompts"] = new JsonArray([.. l.Offer.Prompts.Select(p => new JsonObject { ["name"] = p.Name, ["description"] = p.Description })]),
        ["resources"] = l.Offer.HasResources,
    })]).ToJsonString(SkeinJson.Relaxed.Options);
}
