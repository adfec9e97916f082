using Skein.Agent.Permissions.Shell;

namespace Skein.Agent.Permissions;

/// <summary>What rules say about a command line.</summary>
internal static class CommandVerdict
{
    /// <param name="rules">Those for the tool, in their order.</param>
    /// <returns>Null: nothing, the mode decides.</returns>
    public static RuleAction? Of(IReadOnlyList<CompiledRule> rules, string command)
    {
        // What stands before a rule about everything is never the last that matches.
        List<CompiledRule> live = [.. rules];
        live.RemoveRange(0, Math.Max(0, live.FindLastIndex(static r => r.IsEverything)));

        // The very text that somebody allowed or forbade needs no understanding; rules after it still hold.
        var exact = live.FindLastIndex(r => r.IsExactly(command));
        return exact >= 0 ? OfLine(live[(exact + 1)..], command) ?? live[exact].Action : OfLine(live, command);
    }

    private static RuleAction? OfLine(List<CompiledRule> rules, string command)
    {
        var line = ShellLine.Parse(command);
        var verdicts = line.Pieces.Select(piece => OfPiece(rules, piece)).ToList();
        var strictest = verdicts.Concat(line.Scripts.Select(script => rules.FindLast(r => r.IsOfSeveral && r.MatchesCommand(script))?.Action)).Max();
        if (strictest is RuleAction.Ask or RuleAction.Deny)
            return strictest;

        // Where rules keep commands back, people decide whether this is one of them.
        if (!line.IsClear && rules.Exists(static r => r.Action != RuleAction.Allow))
            return RuleAction.Ask;

        if (line.IsClear && !line.Writes)
            return strictest is not null && line.Pieces.Zip(verdicts).All(static p => p.First.IsCarrier || p.Second is not null) ? RuleAction.Allow : null;

        return rules is [{ IsEverything: true, Action: RuleAction.Allow }, ..] ? RuleAction.Allow : null;
    }

    private static RuleAction? OfPiece(List<CompiledRule> rules, ShellPiece piece)
    {
        var last = rules.FindLastIndex(r => r.Action == RuleAction.Allow ? r.MatchesCommand(piece.Words) : piece.Forms.Any(r.MatchesCommand));
        var verdict = last < 0 ? (RuleAction?)null : rules[last].Action;

        // A later rule would hold if what is not known yet turned out so.
        var mayBeHeld = verdict != RuleAction.Deny
            && rules.Skip(last + 1).Any(r => r.Action != RuleAction.Allow && piece.Forms.Any(r.MayMatchCommand));
        return mayBeHeld ? RuleAction.Ask : verdict;
    }
}
