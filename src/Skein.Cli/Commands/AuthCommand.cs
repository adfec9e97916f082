using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Agent.Settings;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class AuthCommand
{
    public static Command Create(Surroundings surroundings) => new("auth", "Store the keys of providers and MCP servers, for those who want none in the environment. A key is never shown.")
    {
        CreateSet(surroundings), CreateList(surroundings), CreateRemove(surroundings),
    };

    private static Command CreateSet(Surroundings surroundings)
    {
        var name = Provider();
        var command = new Command("set", "Store a key. It is asked for at the terminal and not shown, or read from standard input.") { name };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var provider = parsed.GetValue(name)!;
            var (models, _) = await ModelCatalogs.OpenAsync(surroundings, cancellationToken);
            using (models)
            {
                if (models.Providers.All(p => p.Name != provider) && !(await ServersAsync(surroundings, cancellationToken)).ContainsKey(provider))
                    throw new UsageException($"There is no provider '{provider}', and no MCP server has a key of that name: there are {string.Join(", ", models.Providers.Select(p => p.Name))}; others are set up first (skein config set providers.NAME …, skein mcp add NAME --url URL --key NAME).");
                var home = SkeinHome.Of(surroundings);
                home.Prepare();
                using var keys = new ProviderKeys(home.Path);
                await keys.SetAsync(provider, await ReadAsync(provider, surroundings, cancellationToken), cancellationToken);
                surroundings.Error.WriteLine($"The key of {provider} is stored, for you alone.", Style.Good);
                if (models.Providers.FirstOrDefault(p => p.Name == provider) is { KeyVariable: { } variable } && surroundings.Variable(variable) is { Length: > 0 })
                    surroundings.Error.WriteLine($"skein: {variable} is set, and goes before it.", Style.Warning);
            }

            return CommandLine.Good;
        });
        return command;
    }

    private static Command CreateList(Surroundings surroundings)
    {
        var json = Values.Json();
        var command = new Command("list", "List the providers and where their keys are from.") { json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (models, keys) = await ModelCatalogs.OpenAsync(surroundings, cancellationToken);
            using (models)
            {
                var rows = models.Providers.Select(p => (p.Name, From: ModelCatalogs.KeyFrom(p, keys, surroundings), p.KeyVariable)).ToList();

                // What is stored for a provider that is no longer set up is told as well: it is a secret that lies about.
                var servers = await ServersAsync(surroundings, cancellationToken);
                rows.AddRange(keys.Keys.Except(models.Providers.Select(p => p.Name)).Select(name =>
                    (name, (string?)(servers.TryGetValue(name, out var server) ? $"stored, for the MCP server {server}" : "stored, of no use"), (string?)null)));
                if (parsed.GetValue(json))
                    surroundings.Out.WriteJsonLine(new JsonObject
                    {
                        ["items"] = new JsonArray([.. rows.Select(r => new JsonObject { ["provider"] = r.Name, ["key"] = r.From })]),
                    }.ToJsonString(SkeinJson.Relaxed.Options));
                else
                    Show(rows, surroundings);
            }

            return CommandLine.Good;
        });
        return command;
    }

    private static Command CreateRemove(Surroundings surroundings)
    {
        var name = Provider();
        var command = new Command("remove", "Delete a stored key.") { name };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var keys = new ProviderKeys(SkeinHome.Of(surroundings).Path);
            var provider = parsed.GetValue(name)!;
            if (!(await keys.ReadAsync(cancellationToken)).ContainsKey(provider) || !await keys.RemoveAsync(provider, cancellationToken))
                throw new UsageException($"No key of '{provider}' is stored: see 'skein auth list'.");
            surroundings.Error.WriteLine($"The key of {provider} is deleted.", Style.Warning);
            return CommandLine.Good;
        });
        return command;
    }

    private static Argument<string> Provider() => new("PROVIDER") { Description = "Which: anthropic, openai, one of your settings, or the key of an MCP server." };

    /// <summary>The servers that are sent a key, by the key's name.</summary>
    private static async Task<Dictionary<string, string>> ServersAsync(Surroundings surroundings, CancellationToken cancellationToken)
    {
        using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
        var having = (await settings.Mcp().FindAsync(surroundings.Folder, cancellationToken)).Servers.Where(static s => s.Key is not null);
        return having.GroupBy(static s => s.Key!).ToDictionary(static g => g.Key, static g => string.Join(", ", g.Select(static s => s.Name)), StringComparer.Ordinal);
    }

    private static void Show(IEnumerable<(string Name, string? From, string? Variable)> rows, Surroundings surroundings)
    {
        var table = new Table(["provider", "key"], elastic: 1);
        foreach (var (name, from, variable) in rows)
            table.Add((name, Style.Accent), (from ?? (variable is null ? "needs none" : "none"), from is null && variable is not null ? Style.Warning : Style.Plain));
        table.WriteTo(surroundings.Out);
    }

    private static async Task<string> ReadAsync(string provider, Surroundings surroundings, CancellationToken cancellationToken)
    {
        if (!surroundings.InputIsTerminal)
            return (await surroundings.Input.ReadToEndAsync(cancellationToken)).Trim();

        var line = await HiddenInput.ReadLineAsync(() => surroundings.Error.Write($"Key of {provider} (it is not shown): "), cancellationToken);
        surroundings.Error.WriteLine();
        return line?.Trim() ?? throw new UsageException("No key was given.");
    }
}
