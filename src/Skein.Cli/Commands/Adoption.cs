using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Archives;
using Skein.Agent.Settings;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Sandbox;

namespace Skein.Cli.Commands;

/// <summary>Sessions that were begun outside of Skein, by an agent itself: listed, and made sessions of Skein that go on with the agent's own.</summary>
internal sealed class Adoption(string agent, Surroundings surroundings)
{
    private const int Shown = 50;

    /// <summary>Lists those of this folder, or of all.</summary>
    public Task<int> ListAsync(bool all, bool json, CancellationToken cancellationToken) =>
        WithArchiveAsync(archive => ListAsync(archive, all, json, cancellationToken), cancellationToken);

    /// <summary>Makes a session of one, unless that was done before.</summary>
    /// <param name="name">Its id, or the start of it.</param>
    /// <param name="workspace">Where it goes on; null: where it was.</param>
    public Task<int> AdoptAsync(string name, string? workspace, PermissionMode? mode, bool json, CancellationToken cancellationToken) =>
        WithArchiveAsync(archive => AdoptAsync(archive, name, workspace, mode, json, cancellationToken), cancellationToken);

    private async Task<int> ListAsync(IAgentArchive archive, bool all, bool json, CancellationToken cancellationToken)
    {
        await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
        var found = (await archive.ListAsync(surroundings.Folder, cancellationToken))
            .Where(s => all || s.Workspace is null || Path.TrimEndingDirectorySeparator(s.Workspace) == surroundings.Folder)
            .OrderByDescending(s => s.UpdatedAt ?? DateTimeOffset.MinValue).ToList();
        var known = await KnownAsync(client, cancellationToken);
        if (json)
        {
            surroundings.Out.WriteJsonLine(new JsonObject
            {
                ["agent"] = agent,
                ["sessions"] = new JsonArray([.. found.Select(s => new JsonObject
                {
                    ["id"] = s.Id, ["workspace"] = s.Workspace, ["title"] = s.Title, ["updated_at"] = s.UpdatedAt?.ToString("O"), ["session"] = known.TryGetValue(s.Id, out var id) ? id.Value : null,
                })]),
            }.ToJsonString(SkeinJson.Relaxed.Options));
            return CommandLine.Good;
        }

        var table = new Table(["id", "title", "folder", "changed", "session"], elastic: 1);
        foreach (var session in found.Take(Shown))
        {
            table.Add(
                (session.Id, Style.Accent), (session.Title ?? "", Style.Plain), (session.Workspace ?? "", Style.Dim),
                (session.UpdatedAt is { } at ? Spans.Ago(at, surroundings.Time.GetUtcNow()) : "", Style.Plain),
                (known.TryGetValue(session.Id, out var id) ? SessionName.Shorten(id) : "", Style.Plain));
        }

        table.WriteTo(surroundings.Out);
        surroundings.Error.WriteLine(
            (found.Count > Shown ? $"The newest {Shown} of {found.Count}; --json has all. " : found.Count == 0 && !all ? $"{agent} has none in this folder; --all lists those of all. " : "")
            + $"Go on with one: skein import --from {agent} ID", Style.Dim);
        return CommandLine.Good;
    }

    private async Task<int> AdoptAsync(IAgentArchive archive, string name, string? workspace, PermissionMode? mode, bool json, CancellationToken cancellationToken)
    {
        var found = Choose(name, await archive.ListAsync(surroundings.Folder, cancellationToken));
        var folder = workspace ?? (found.Workspace is { } own && Directory.Exists(own) ? own : null)
            ?? throw new UsageException($"The folder of {agent}'s session {found.Id}, {found.Workspace ?? "which it does not tell"}, is not there: say where it goes on with --workspace.");
        await using var client = await Servers.FindOrStartAsync(surroundings, cancellationToken);
        var before = (await KnownAsync(client, cancellationToken)).GetValueOrDefault(found.Id);
        var transcript = await archive.ReadAsync(found, cancellationToken);
        var view = await client.ImportAsync(
            new ImportRequest(
                RealPath.Of(Path.GetFullPath(folder, surroundings.Folder)), agent, found.Id,
                transcript.Messages, agent, transcript.Model, mode, TitleOf(found), TitleSource.Prompt, found.Id),
            cancellationToken);

        foreach (var problem in transcript.Problems)
            surroundings.Error.WriteLine($"skein: {problem}", Style.Warning);
        if (json)
            surroundings.Out.WriteJsonLine(JsonSerializer.Serialize(view, SkeinJson.Relaxed.SessionView));
        else
            Answers.Tell(surroundings, view.Session, before == view.Session.Id
                ? $"was made of {agent}'s session {found.Id} before"
                : $"has the {Spans.Plural(view.Session.Messages, "message")} of {agent}'s session {found.Id} and goes on with it");
        return CommandLine.Good;
    }

    private FoundSession Choose(string name, IReadOnlyList<FoundSession> found)
    {
        var meant = found.Where(s => s.Id == name).DefaultIfEmpty().First();
        if (meant is not null)
            return meant;
        return found.Where(s => s.Id.StartsWith(name, StringComparison.Ordinal)).ToList() switch
        {
            [var one] => one,
            [] => throw new UsageException($"{agent} has no session '{TerminalText.CleanLine(name)}': see 'skein import --from {agent} --all'."),
            var several => throw new UsageException($"'{TerminalText.CleanLine(name)}' is the start of {several.Count} sessions of {agent} ({several[0].Id}, {several[1].Id} …): give more of it."),
        };
    }

    private async Task<int> WithArchiveAsync(Func<IAgentArchive, Task<int>> work, CancellationToken cancellationToken)
    {
        var home = SkeinHome.Of(surroundings);
        using var settings = new HomeSettings(home, surroundings);
        using var keys = new ProviderKeys(home.Path);
        await using var agents = Composition.Agents.Open(
            home, await settings.ReadAsync(null, cancellationToken), await keys.ReadAsync(cancellationToken), settings, telemetry: null, surroundings);
        return await work(AgentArchives.Find(agent, agents.Driven, ChildEnvironment.Current(), new IdSource(surroundings.Time))
            ?? throw new UsageException($"There is no agent '{TerminalText.CleanLine(agent)}' whose sessions could be taken over; there are: {string.Join(", ", agents.Driven.Named.Select(a => a.Name))}."));
    }

    /// <summary>Sessions of Skein by the agent's own id.</summary>
    private async Task<Dictionary<string, SessionId>> KnownAsync(SkeinClient client, CancellationToken cancellationToken)
    {
        var known = new Dictionary<string, SessionId>(StringComparer.Ordinal);
        for (string? cursor = null; ;)
        {
            var page = await client.ListAsync(new SessionQuery(Archived: null, Agent: agent, Cursor: cursor, Limit: 1000), cancellationToken);
            foreach (var session in page.Items)
            {
                if (session.AgentSession is { } own)
                    known[own] = session.Id;
                if (session.Imported is { } imported && imported.From == agent)
                    known.TryAdd(imported.Id, session.Id);
            }

            if ((cursor = page.Next) is null)
                return known;
        }
    }

    private static string? TitleOf(FoundSession found) =>
        TerminalText.CleanLine(found.Title ?? "").Trim() is { Length: > 0 } title ? title.Length <= 100 ? title : title[..100].TrimEnd() : null;
}
