using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Sandbox;

namespace Skein.Cli.Commands;

internal static class TrustCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var folder = new Argument<string?>("FOLDER") { Description = "Which; without it: the one whose skein.json holds here, else this one.", Arity = ArgumentArity.ZeroOrOne };
        var remove = new Option<bool>("--remove") { Description = "Trust it no longer." };
        var list = new Option<bool>("--list") { Description = "List the trusted folders." };
        var json = Values.Json();
        var command = new Command("trust", "Trust a folder and all below it: its own settings then count as yours do. Until then they may only narrow.") { folder, remove, list, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var home = SkeinHome.Of(surroundings);
            home.Prepare();
            using var settings = new HomeSettings(home, surroundings);
            if (!parsed.GetValue(list))
                await ChangeAsync(settings, surroundings, parsed.GetValue(folder), parsed.GetValue(remove), cancellationToken);

            var trusted = await settings.Trusted.ListAsync(cancellationToken);
            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(Json(trusted));
            else if (parsed.GetValue(list))
                foreach (var one in trusted)
                    surroundings.Out.WriteLine(one);
            return CommandLine.Good;
        });
        return command;
    }

    private static async Task ChangeAsync(HomeSettings settings, Surroundings surroundings, string? given, bool remove, CancellationToken cancellationToken)
    {
        var workspace = given is null ? surroundings.Folder : Path.GetFullPath(given, surroundings.Folder);
        if (!Directory.Exists(workspace))
            throw new UsageException($"'{given}' cannot be trusted: there is no such folder.");

        var folder = RealPath.Of(given is null ? settings.FolderOf(workspace, await settings.ReadAsync(workspace, cancellationToken)) : workspace);
        if (!remove)
        {
            await settings.Trusted.TrustAsync(folder, cancellationToken);
            surroundings.Error.WriteLine($"{folder} is trusted, with all below it.", Style.Good);
        }
        else if (await settings.Trusted.UntrustAsync(folder, cancellationToken))
        {
            var still = await settings.Trusted.IsTrustedAsync(folder, cancellationToken);
            surroundings.Error.WriteLine($"{folder} is {(still ? "still trusted, with a folder above it" : "no longer trusted")}.", Style.Warning);
        }
        else
        {
            throw new UsageException($"{folder} was not trusted: see 'skein trust --list'.");
        }
    }

    private static string Json(IReadOnlyList<string> trusted) =>
        new JsonObject { ["items"] = new JsonArray([.. trusted.Select(t => JsonValue.Create(t))]) }.ToJsonString(SkeinJson.Relaxed.Options);
}
