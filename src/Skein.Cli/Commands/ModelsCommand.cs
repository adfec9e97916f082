using System.CommandLine;
using System.Text.Json.Nodes;
using Skein.Agent.Providers;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

internal static class ModelsCommand
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    public static Command Create(Surroundings surroundings)
    {
        var offline = new Option<bool>("--offline") { Description = "Ask no provider which models it has." };
        var json = Values.Json();
        var command = new Command("models", "List the providers: whether they can be used, where their keys are from, and which models they say they have.") { offline, json };

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (models, keys) = await ModelCatalogs.OpenAsync(surroundings, cancellationToken);
            using (models)
            {
                var rows = await Task.WhenAll(models.Providers.Select(p => AskAsync(models, p, keys, !parsed.GetValue(offline), surroundings, cancellationToken)));
                if (parsed.GetValue(json))
                    surroundings.Out.WriteJsonLine(Json(rows, models.DefaultModel));
                else
                    Show(rows, models.DefaultModel, surroundings);
            }

            return CommandLine.Good;
        });
        return command;
    }

    private static async Task<Row> AskAsync(
        ModelCatalog models, ProviderState provider, IReadOnlyDictionary<string, string> keys, bool ask, Surroundings surroundings, CancellationToken cancellationToken)
    {
        var row = new Row(provider, ModelCatalogs.KeyFrom(provider, keys, surroundings), [], provider.Problem);
        if (!ask || provider.Problem is not null)
            return row;
        var (found, problem) = await models.ListModelsAsync(provider.Name, s_patience, cancellationToken);
        return row with { Models = found, Problem = problem };
    }

    private static void Show(Row[] rows, string? defaultModel, Surroundings surroundings)
    {
        var table = new Table(["provider", "speaks", "key", "usable"], elastic: 2);
        foreach (var row in rows)
        {
            table.Add(
                (row.Provider.Name, Style.Accent),
                (Word(row.Provider.Kind), Style.Plain),
                (row.KeyFrom ?? "–", Style.Plain),
                (row.Problem is null ? "yes" : "no", row.Problem is null ? Style.Good : Style.Warning));
        }

        table.WriteTo(surroundings.Out);
        foreach (var row in rows.Where(r => r.Problem is not null))
            surroundings.Out.WriteLine(($"{row.Provider.Name}: ", Style.Accent), (row.Problem!, Style.Dim));
        foreach (var name in rows.SelectMany(r => r.Models.Select(m => $"{r.Provider.Name}/{m}")))
            surroundings.Out.WriteLine((name, Style.Plain), (name == defaultModel ? "  default" : "", Style.Dim));
        surroundings.Error.WriteLine(
            defaultModel is null ? "A session that names no model has none: give --model, or set 'model' (skein config set model PROVIDER/NAME)." : $"A session that names no model has {defaultModel}.",
            Style.Dim);
    }

    private static string Json(Row[] rows, string? defaultModel) => new JsonObject
    {
        ["default"] = defaultModel,
        ["providers"] = new JsonArray([.. rows.Select(r => new JsonObject
        {
            ["name"] = r.Provider.Name,
            ["kind"] = Word(r.Provider.Kind),
            ["base_url"] = r.Provider.BaseUrl.AbsoluteUri,
            ["key"] = r.KeyFrom,
            ["usable"] = r.Problem is null,
            ["problem"] = r.Problem,
            ["models"] = new JsonArray([.. r.Models.Select(m => JsonValue.Create(m))]),
        })]),
    }.ToJsonString(SkeinJson.Relaxed.Options);

    private static string Word(ProviderKind kind) => kind.ToString().ToLowerInvariant();

    private sealed record Row(ProviderState Provider, string? KeyFrom, IReadOnlyList<string> Models, string? Problem);
}
