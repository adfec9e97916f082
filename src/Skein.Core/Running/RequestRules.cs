using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>What requests must keep to; each break is an <see cref="InvalidRequestException"/> that names the value and the rule.</summary>
internal sealed class RequestRules(AgentKinds agents, string? defaultModel, ISessionStore store)
{
    private const int TitleLength = 100;
    private const int LongestKeep = 2000;

    public static string Title(string title)
    {
        var trimmed = title.Trim();
        return trimmed.Length is > 0 and <= TitleLength
            ? trimmed
            : throw new InvalidRequestException($"The title has {trimmed.Length} characters: it must have 1 to {TitleLength}.");
    }

    public static TurnCompaction Compaction(CompactRequest request)
    {
        var keep = request.Keep?.Trim();
        if (keep?.Length > LongestKeep)
            throw new InvalidRequestException($"What to keep has {keep.Length} characters: it must have at most {LongestKeep}.");
        return new TurnCompaction(keep is { Length: > 0 } ? keep : null);
    }

    public static int Limit(int limit) =>
        limit is >= 1 and <= 1000 ? limit : throw new InvalidRequestException($"The limit is {limit}: it must be 1 to 1000.");

    public static string Workspace(string workspace)
    {
        if (!Path.IsPathFullyQualified(workspace))
            throw new InvalidRequestException($"The workspace '{workspace}' is not an absolute path.");
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(workspace));
        return Directory.Exists(folder) ? folder : throw new InvalidRequestException($"The workspace '{workspace}' is not a folder that exists.");
    }

    /// <summary>The parts of what a person says: texts and files, not all empty.</summary>
    public static IReadOnlyList<Part> Parts(string? text, IReadOnlyList<Part>? parts)
    {
        if (text is not null && parts is not null)
            throw new InvalidRequestException("A prompt has a text or parts, not both.");
        var all = parts ?? [new TextPart(text ?? "")];
        if (all.FirstOrDefault(p => p is not (TextPart or FilePart)) is { } other)
            throw new InvalidRequestException($"A prompt's parts are texts and files, not {other.GetType().Name}.");
        if (all.All(p => p is TextPart t && string.IsNullOrWhiteSpace(t.Text)))
            throw new InvalidRequestException("The prompt is empty.");
        return all;
    }

    /// <summary>What a prompt asks for beyond its text.</summary>
    public static TurnOptions Options(PromptRequest prompt, ExpandedPrompt? expanded)
    {
        if (prompt.MaxCost is <= 0)
            throw new InvalidRequestException($"The limit max_cost is {prompt.MaxCost}: it must be US dollars, more than 0.");
        if (prompt.MaxSteps is < 1)
            throw new InvalidRequestException($"The limit max_steps is {prompt.MaxSteps}: it must be 1 or more.");
        return new TurnOptions(prompt.Agent ?? expanded?.Agent, prompt.Model, prompt.Mode, prompt.System, prompt.Tools, prompt.MaxCost, prompt.MaxSteps, expanded?.Model, prompt.Effort);
    }

    /// <summary>What a prompt changes of the session; null: nothing.</summary>
    public static SessionConfigured? Changes(Session session, TurnOptions options)
    {
        var agent = options.Agent == session.Agent ? null : options.Agent;
        // With another agent the model begins anew, unless it is named.
        var model = agent is null && options.Model == session.Model ? null : options.Model;
        var mode = options.Mode == session.Mode ? null : options.Mode;
        return agent is null && model is null && mode is null ? null : new SessionConfigured(agent, model, mode);
    }

    /// <summary>What a change of a session is told by; nothing where all is so already.</summary>
    /// <param name="title">The new one, which keeps to the rules.</param>
    public async ValueTask<List<EventBody>> ChangesAsync(Session now, SessionChange change, string? title, CancellationToken cancellationToken)
    {
        var agent = change.Agent ?? now.Agent;
        var options = await CompleteAsync(now, new TurnOptions(change.Agent, change.Model, change.Mode), cancellationToken);
        if (change.Agent is not null || change.Model is not null)
            Model(agent, options.Model);
        if (agent != now.Agent)
            Sessions.RequireIdle(now);

        List<EventBody> bodies = [];
        if (title is not null && (title != now.Title || now.TitleSource != TitleSource.Manual))
            bodies.Add(new SessionTitled(title, TitleSource.Manual));
        if (Changes(now, options) is { } configured)
            bodies.Add(configured);
        if (change.Archived is { } archived && archived != now.Archived)
            bodies.Add(archived ? new SessionArchived() : new SessionUnarchived());
        if (change.Pinned is { } pinned && pinned != now.Pinned)
            bodies.Add(new SessionPinned(pinned));
        return bodies;
    }

    /// <summary>What a session of this agent begins with.</summary>
    /// <exception cref="InvalidRequestException">There is no such agent.</exception>
    public ValueTask<DefinedAgent> AgentAsync(string agent, string workspace, CancellationToken cancellationToken) => agents.FindAsync(agent, workspace, cancellationToken);

    /// <summary>
    /// What a change of the agent brings along: the model and the mode that its definition names. Else both stay, as long as the same program
    /// works on; another one has the model that the session had with it before, or else its own default.
    /// </summary>
    /// <exception cref="InvalidRequestException">There is no such agent.</exception>
    public async ValueTask<TurnOptions> CompleteAsync(Session session, TurnOptions options, CancellationToken cancellationToken)
    {
        if (options.Agent is not { } agent || agent == session.Agent)
            return options;

        var defined = await AgentAsync(agent, session.Workspace, cancellationToken);
        var model = options.Model ?? defined.Model;
        if (model is null && agents.TryFind(agent, out var next))
        {
            if (agents.TryFind(session.Agent, out var before) && next == before)
                model = await IsOwnModelAsync(session, cancellationToken) ? defaultModel : session.Model;
            else
                model = await EarlierModel.FindAsync(store, session.Id, agent, cancellationToken) is { } earlier && CanUse(agent, earlier) ? earlier : next.DefaultModel;
        }

        return options with { Model = model, Mode = options.Mode ?? defined.Mode };
    }

    // What the agent before had brought along goes with it.
    private async ValueTask<bool> IsOwnModelAsync(Session session, CancellationToken cancellationToken)
    {
        try
        {
            return (await AgentAsync(session.Agent, session.Workspace, cancellationToken)).Model is { } own && own == session.Model;
        }
        catch (InvalidRequestException)
        {
            // It is no longer defined: who leaves it need not mend it.
            return false;
        }
    }

    public bool Has(string agent) => agents.Knows(agent);

    public bool CanUse(string agent, string model) => agents.TryFind(agent, out var kind) && kind.CheckModel(model) is null;

    public void Model(string agent, string? model)
    {
        if (agents.TryFind(agent, out var kind) && kind.CheckModel(model) is { } wrong)
            throw new InvalidRequestException(wrong);
    }
}
