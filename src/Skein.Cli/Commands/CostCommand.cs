using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Spending;
using Skein.Sandbox;

namespace Skein.Cli.Commands;

internal static class CostCommand
{
    private const int BarWidth = 24;
    private const string Eighths = "▏▎▍▌▋▊▉█";

    private static readonly (string Word, SpendingBy By)[] s_by =
        [.. Enum.GetValues<SpendingBy>().Select(by => (by.ToString().ToLowerInvariant(), by))];

    public static Command Create(Surroundings surroundings)
    {
        var by = Values.Word("--by", "WHAT", "Sum up by day (in UTC; without it), session (with its sub-agents), model, workspace or agent.", s_by);
        var workspace = new Option<string>("--workspace", "-w") { Description = "Only the sessions of this folder; '.' is this one.", HelpName = "FOLDER" };
        var agent = new Option<string>("--agent") { Description = "Only the turns of this agent.", HelpName = "AGENT" };
        var since = Values.Since("--since", "Only what was paid since then: 7d, 12h, 2026-11-21.", surroundings.Time);
        var json = Values.Json();
        var csv = new Option<bool>("--csv") { Description = "Print comma-separated values with a heading." };
        var command = new Command("cost", "Tell what models were paid, with failed turns, attempts tried again, and what rewinds hide.") { by, workspace, agent, since, json, csv };
        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && result.GetValue(csv))
                result.AddError("--json and --csv: it must be one of them.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var query = new SpendingQuery(
                parsed.GetValue(by) ?? SpendingBy.Day,
                parsed.GetValue(workspace) is { } folder ? RealPath.Of(Path.GetFullPath(folder, surroundings.Folder)) : null,
                parsed.GetValue(agent),
                parsed.GetValue(since),
                Follow: true);
            await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
            var report = await client.GetSpendingAsync(query, cancellationToken);
            if (parsed.GetValue(json))
                surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(report, SkeinJson.Relaxed.SpendingReport));
            else if (parsed.GetValue(csv))
                ShowCsv(report, surroundings.Out);
            else
                Show(report, surroundings);
            foreach (var (session, reason) in report.Uncounted)
                surroundings.Error.WriteLine($"Not all of session {session} could be counted: {TerminalText.CleanLine(reason)}", Style.Warning);
            return CommandLine.Good;
        });
        return command;
    }

    private static void Show(SpendingReport report, Surroundings surroundings)
    {
        if (report.Items.Count == 0)
        {
            surroundings.Error.WriteLine("Nothing was spent.", Style.Dim);
            return;
        }

        var most = report.Items.Max(i => i.Cost);
        var ids = report.By == SpendingBy.Session ? SessionName.Shorten([.. report.Items.Select(i => i.Key)]) : null;
        var table = new Table([Word(report.By), "cost", "", "calls", "in", "cached", "out"], elastic: 0);
        for (var i = 0; i < report.Items.Count; i++)
            Add(report.Items[i], ids is null ? report.Items[i].Key : $"{ids[i]}  {report.Items[i].Title}", most);
        if (report.Items.Count > 1)
            Add(report.Total, "total", 0);
        table.WriteTo(surroundings.Out);
        if (report.Total.Unpriced > 0)
            surroundings.Error.WriteLine(
                $"Of {Spans.Plural(report.Total.Unpriced, "call")} the price is not known; they are not in the cost. Say it in skein.json: providers.NAME.models.", Style.Warning);

        void Add(Spent item, string name, decimal scale) => table.Add(
            (name.Length > 0 ? name : "–", item == report.Total ? Style.Bold : Style.Accent),
            ((item.Cost > 0 || item.Unpriced == 0 ? Spans.Dollars(item.Cost) : "–").PadLeft(9), Style.Plain),
            (Bar(item.Cost, scale), Style.Good),
            (item.Calls.ToString(CultureInfo.InvariantCulture).PadLeft(5), Style.Plain),
            (Spans.Count(item.Usage.Input + item.Usage.CacheWrite).PadLeft(6), Style.Plain),
            (Spans.Count(item.Usage.CacheRead).PadLeft(6), Style.Plain),
            (Spans.Count(item.Usage.Output + item.Usage.Reasoning).PadLeft(6), Style.Plain));
    }

    // What cost anything has at least a sliver.
    private static string Bar(decimal cost, decimal most)
    {
        if (cost <= 0 || most <= 0)
            return "";

        var eighths = Math.Max(1, (int)(cost / most * BarWidth * Eighths.Length));
        var (whole, rest) = Math.DivRem(eighths, Eighths.Length);
        return new string(Eighths[^1], whole) + (rest > 0 ? Eighths[rest - 1] : "");
    }

    private static void ShowCsv(SpendingReport report, Terminal screen)
    {
        screen.WriteLine($"{Word(report.By)},title,calls,input,output,reasoning,cache_read,cache_write,cost,unpriced");
        foreach (var item in report.Items)
        {
            var (input, output, reasoning, read, written) = item.Usage;
            screen.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Field(item.Key)},{Field(item.Title ?? "")},{item.Calls},{input},{output},{reasoning},{read},{written},{item.Cost},{item.Unpriced}"));
        }
    }

    // A spreadsheet takes a field that begins like a formula for one, and titles are what anybody wrote.
    private static string Field(string text)
    {
        text = TerminalText.CleanLine(text);
        if (text is ['=' or '+' or '-' or '@', ..])
            text = "'" + text;
        return text.AsSpan().ContainsAny(',', '"', '\n') ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    private static string Word(SpendingBy by) => by.ToString().ToLowerInvariant();
}
