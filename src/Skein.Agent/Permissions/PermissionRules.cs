using Skein.Agent.Tools;
using Skein.Core.Events;

namespace Skein.Agent.Permissions;

/// <summary>
/// Decides whether a call may be carried out: by the rules, then by the mode. What a shell would run cannot be told from the outside in
/// general, so rules for commands catch mistakes; only a sandbox holds against a command that means harm. Immutable.
/// </summary>
public sealed class PermissionRules
{
    // A rule about reading a file holds for those who would show what is in it.
    private static readonly string[] s_reading = ["read", "grep"];

    private readonly IReadOnlyList<CompiledRule> _rules;
    private readonly IReadOnlyList<CompiledRule> _narrowing;
    private readonly IReadOnlyList<CompiledRule> _remembered;

    /// <param name="rules">What the user says: of those that match the last one holds.</param>
    /// <param name="narrowing">What a folder says that nobody trusts: it only ever adds a question or a refusal.</param>
    /// <param name="remembered">What was answered with <c>always</c> in this workspace: it answers questions, it lifts no refusal.</param>
    public PermissionRules(
        IReadOnlyList<PermissionRule> rules, IReadOnlyList<PermissionRule> narrowing, IReadOnlyList<PermissionRule> remembered)
    {
        _rules = [.. rules.Select(static r => new CompiledRule(r))];
        _narrowing = [.. narrowing.Where(static r => r.Action != RuleAction.Allow).Select(static r => new CompiledRule(r))];
        _remembered = [.. remembered.Where(static r => r.Action == RuleAction.Allow).Select(static r => new CompiledRule(r))];
    }

    /// <param name="tool">The tool's name.</param>
    /// <param name="intent">What it says it would do.</param>
    public PermissionDecision Decide(PermissionMode mode, string tool, ToolIntent intent)
    {
        var rule = Strictest(Verdict(_rules, tool, intent), Verdict(_narrowing, tool, intent));
        if (rule == RuleAction.Deny)
            return new PermissionDecision.Deny($"A rule of the user forbids '{tool}' for '{ToolTexts.OneLine(intent.Subject, 200)}'. Do not try it another way; go on without it.");

        if (mode == PermissionMode.Plan && intent.Effect is not (ToolEffect.Read or ToolEffect.Fetch))
            return new PermissionDecision.Deny($"This session is in plan mode, which only reads: '{tool}' is refused. Say what you would do instead.");

        // Asked for whatever the rules say, and never remembered.
        if (intent.Effect == ToolEffect.Edit && (LaterRun.Covers(intent.Subject) || (intent.Named is { } named && LaterRun.Covers(named))))
            return new PermissionDecision.Ask(null);

        if ((rule ?? Default(mode, intent)) == RuleAction.Allow || Verdict(_remembered, tool, intent) == RuleAction.Allow)
            return PermissionDecision.Allowed;

        return new PermissionDecision.Ask(Glob.Escape(intent.Subject));
    }

    /// <summary>
    /// Whether rules are stricter about a file than about the folder that a tool was allowed to walk: nobody is asked about every file
    /// it comes across.
    /// </summary>
    /// <param name="folder">As in <see cref="ToolIntent.Subject"/>.</param>
    /// <param name="found">What is below it, likewise.</param>
    public bool Withholds(string folder, string found) => s_reading.Any(tool =>
        Of(tool, found) is RuleAction.Ask or RuleAction.Deny && Strictest(Of(tool, folder), RuleAction.Allow) < Of(tool, found));

    private RuleAction? Of(string tool, string subject)
    {
        var intent = new ToolIntent(ToolEffect.Read, subject, "");
        return Strictest(Verdict(_rules, tool, intent), Verdict(_narrowing, tool, intent));
    }

    private static RuleAction Default(PermissionMode mode, ToolIntent intent) => (mode, intent.Effect, intent.Outside) switch
    {
        (PermissionMode.Auto, ToolEffect.Execute, true) => RuleAction.Ask,

        // No sandbox holds it, and what is asked for may tell a stranger what was read.
        (_, ToolEffect.Fetch, _) => RuleAction.Ask,
        (PermissionMode.Auto, _, _) => RuleAction.Allow,
        (_, ToolEffect.Read, false) => RuleAction.Allow,
        (PermissionMode.Edits, ToolEffect.Edit, false) => RuleAction.Allow,
        _ => RuleAction.Ask,
    };

    private static RuleAction? Strictest(RuleAction? one, RuleAction? other) => one is null || other > one ? other : one;

    private static RuleAction? Verdict(IReadOnlyList<CompiledRule> all, string tool, ToolIntent intent)
    {
        var rules = all.Where(r => r.IsFor(tool)).ToList();
        if (rules.Count == 0)
            return null;

        return intent.Effect switch
        {
            ToolEffect.Execute => CommandVerdict.Of(rules, intent.Subject),
            ToolEffect.Fetch => rules.FindLast(r => r.MatchesHost(intent.Subject))?.Action,
            _ => rules.FindLast(r => r.MatchesPath(intent.Subject))?.Action,
        };
    }

}
