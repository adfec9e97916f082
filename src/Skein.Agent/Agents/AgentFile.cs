using System.Text.RegularExpressions;
using Skein.Agent.Definitions;
using Skein.Agent.Skills;
using Skein.Core.Events;

namespace Skein.Agent.Agents;

/// <summary>
/// An agent that a file defines: Skein's own with a task of its own. Markdown, its fields above its prompt; named after the file. Only what
/// a list shows is held; the prompt is read when it is used.
/// </summary>
/// <param name="Description">What it is for, in one line; people and other agents choose by it.</param>
/// <param name="File">Absolute.</param>
/// <param name="Model"><c>provider/name</c>; null: the session's.</param>
/// <param name="Mode">What it begins with; null: as the session has it.</param>
/// <param name="Tools">The only tools it has; null: all.</param>
public sealed partial record AgentFile(string Name, string Description, string File, string? Model, PermissionMode? Mode, IReadOnlyList<string>? Tools)
{
    private const int LongestDescription = 1024;
    private const int LongestWord = 200;

    // Claude Code's own models have other names; its agents work without them.
    private const string OfClaude = ".claude";

    /// <param name="file">Absolute.</param>
    /// <exception cref="DefinitionException">It breaks a rule, or cannot be read.</exception>
    public static AgentFile Read(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        if (!NameRule().IsMatch(name) || name == SkeinAgent.Name)
            throw new DefinitionException(file, 1, $"must have a name of 1 to 64 letters, digits, '-' and '_' that is not '{SkeinAgent.Name}', not '{name}'.");

        var fields = FrontMatter.Read(file);
        if (fields.Body.Length == 0)
            throw new DefinitionException(file, fields.BodyLine, "must have a text below its fields: that is the agent's prompt.");

        var model = Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(file))) == OfClaude ? null : fields.OptionalText("model", LongestWord);
        if (model is not null && !ModelRule().IsMatch(model))
            throw fields.Wrong("model", $"must be 'provider/name', not '{model}'.");
        var tools = fields.OptionalList("tools", SkillTools.Split);
        if (tools?.FirstOrDefault(t => !ToolRule().IsMatch(t)) is { } odd)
            throw fields.Wrong("tools", $"must be names of tools, with a '*' for the rest of a name, not '{odd}'.");

        return new AgentFile(
            name, fields.Text("description", LongestDescription).ReplaceLineEndings(" "), file, model,
            fields.OptionalText("mode", LongestWord) is { } mode ? ModeOf(mode) ?? throw fields.Wrong("mode", $"must be one of ask, plan, edits, auto, not '{mode}'.") : null,
            tools?.Select(SkillTools.ToolOf).ToList());
    }

    /// <summary>Its prompt, as it is now.</summary>
    /// <exception cref="DefinitionException">It cannot be read.</exception>
    public string ReadPrompt() => FrontMatter.Read(File).Body;

    /// <summary>Whether it has a tool.</summary>
    public bool Has(string tool) =>
        Tools is null || Tools.Any(t => t.EndsWith('*') ? tool.StartsWith(t[..^1], StringComparison.Ordinal) : t == tool);

    private static PermissionMode? ModeOf(string word) => word switch
    {
        "ask" => PermissionMode.Ask,
        "plan" => PermissionMode.Plan,
        "edits" => PermissionMode.Edits,
        "auto" => PermissionMode.Auto,
        _ => null,
    };

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_-]{0,63}\z")]
    private static partial Regex NameRule();

    [GeneratedRegex(@"\A[^/\s]+/\S+\z")]
    private static partial Regex ModelRule();

    [GeneratedRegex(@"\A[A-Za-z0-9_.-]+\*?\z|\A\*\z")]
    private static partial Regex ToolRule();
}
