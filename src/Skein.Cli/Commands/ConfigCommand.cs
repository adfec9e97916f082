using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Agent.Settings;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class ConfigCommand
{
    public static Command Create(Surroundings surroundings) => new("config", "Read and change settings: yours, and those of this folder's project.")
    {
        CreateGet(surroundings), CreateSet(surroundings), CreateList(surroundings),
    };

    private static Command CreateGet(Surroundings surroundings)
    {
        var key = Key();
        var command = new Command("get", "Print the value that holds in this folder; exit code 1 where there is none.") { key };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var rows = await ReadAsync(surroundings, cancellationToken);
            var wanted = parsed.GetValue(key)!;
            if (rows.LastOrDefault(r => r.Key == wanted && !r.Ignored) is { Value: { } value })
            {
                surroundings.Out.WriteLine(value);
                return CommandLine.Good;
            }

            if (!SettingValues.IsKnown(wanted))
                throw new UsageException($"There is no setting '{wanted}': see 'skein config list'.");
            surroundings.Error.WriteLine($"'{wanted}' is not set.", Style.Dim);
            return CommandLine.Failed;
        });
        return command;
    }

    private static Command CreateSet(Surroundings surroundings)
    {
        var key = Key();
        var value = new Argument<string>("VALUE") { Description = "A word, a number, or JSON for what has several: {…} or […]." };
        var project = new Option<bool>("--project") { Description = "In the skein.json of this folder's project instead of your own." };
        var command = new Command("set", "Give a setting a value. What would break a rule is refused, and all else in the file stays.") { key, value, project };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
            var file = settings.UserFile;
            if (parsed.GetValue(project))
            {
                var loaded = await settings.ReadAsync(surroundings.Folder, cancellationToken);
                file = Path.Combine(settings.FolderOf(surroundings.Folder, loaded), "skein.json");
            }

            try
            {
                await SettingsFile.SetAsync(file, parsed.GetValue(key)!, parsed.GetValue(value)!, cancellationToken);
            }
            catch (SettingsException e)
            {
                throw new UsageException(e.Message);
            }

            surroundings.Error.WriteLine($"{file}: {parsed.GetValue(key)} is set.", Style.Good);
            return CommandLine.Good;
        });
        return command;
    }

    private static Command CreateList(Surroundings surroundings)
    {
        var json = Values.Json();
        var command = new Command("list", "List the settings that hold in this folder, each with where it comes from.") { json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var rows = await ReadAsync(surroundings, cancellationToken);
            if (parsed.GetValue(json))
            {
                surroundings.Out.WriteJsonLine(new JsonObject
                {
                    ["items"] = new JsonArray([.. rows.Select(r => new JsonObject { ["key"] = r.Key, ["value"] = r.Value, ["from"] = r.From, ["ignored"] = r.Ignored })]),
                }.ToJsonString(SkeinJson.Relaxed.Options));
                return CommandLine.Good;
            }

            var table = new Table(["setting", "value", "from"], elastic: 1);
            foreach (var row in rows)
            {
                table.Add(
                    (row.Key, row.Ignored ? Style.Dim : Style.Accent),
                    (row.Value ?? "–", row.Ignored ? Style.Dim : Style.Plain),
                    (row.From is null ? "default" : row.Ignored ? $"{row.From}, ignored" : row.From, row.Ignored ? Style.Warning : Style.Dim));
            }

            table.WriteTo(surroundings.Out);
            return CommandLine.Good;
        });
        return command;
    }

    private static Argument<string> Key() => new("KEY") { Description = "As model, mode, agent, max_cost, durability, retention.days, compress_days, silence_seconds, call_silence_seconds, providers.NAME.base_url or permissions." };

    private static async Task<IReadOnlyList<SettingValues.Row>> ReadAsync(Surroundings surroundings, CancellationToken cancellationToken)
    {
        using var settings = new HomeSettings(SkeinHome.Of(surroundings), surroundings);
        return await SettingValues.ReadAsync(settings, surroundings.Folder, cancellationToken);
    }
}
