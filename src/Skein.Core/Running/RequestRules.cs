using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>What requests must keep to; each break is an <see cref="InvalidRequestException"/> that names the value and the rule.</summary>
internal sealed class RequestRules(AgentKinds agents)
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
        return new TurnOptions(prompt.Agent ?? expanded?.Agent, prompt.Model, prompt.Mode, prompt.System, prompt.Tools, prompt.MaxCost, prompt.MaxSteps, expanded?.Model);
    }

    /// <summary>What a prompt changes of the session; null: nothing.</summary>
    public static SessionConfigured? Changes(Session session, TurnOptions options)
    {
        var agent = options.Agent == session.Agent ? null : options.Agent;
        var model = options.Model == session.Model ? null : options.Model;
        var mode = options.Mode == session.Mode ? null : options.Mode;
        return agent is null && model is null && mode is null ? null : new SessionConfigured(agent, model, mode);
    }

    public AgentKind Agent(string name) =>
        agents.TryFind(name, out var kind)
            ? kind
            : throw new InvalidRequestException($"There is no agent '{name}'; there are: {string.Join(", ", agents.Named.Select(k => k.Name).Order(StringComparer.Ordinal))}.");

    public bool Has(string agent) => agents.TryFind(agent, out _);

    public bool CanUse(string agent, string model) => Agent(agent).CheckModel(model) is null;

    public void Model(string agent, string? model)
    {
        if (Agent(agent).CheckModel(model) is { } wrong)
            throw new InvalidRequestException(wrong);
    }
}
