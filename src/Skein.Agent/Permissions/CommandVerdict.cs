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
        return exact >= 0 ? OfPieces(live[(exact + 1)..], command) ?? live[exact].Action : OfPieces(live, command);
    }

    private static RuleAction? OfPieces(List<CompiledRule> rules, string command)
    {
        var parsed = ShellCommand.Parse(command);
        var verdicts = parsed.Pieces.Select(piece => OfPiece(rules, piece)).ToList();
        var strictest = verdicts.Append(rules.FindLast(r => r.IsOfSeveral && r.MatchesCommand(command))?.Action).Max();
        if (strictest is RuleAction.Ask or RuleAction.Deny)
            return strictest;

        // Something may run in it that is not seen: where rules keep commands back, people decide whether this is one of them.
        if ((!parsed.IsClear || parsed.RunsOthers) && rules.Exists(static r => r.Action != RuleAction.Allow))
            return RuleAction.Ask;

        if (parsed.IsClear)
            return verdicts.Count > 0 && verdicts.TrueForAll(static v => v == RuleAction.Allow) ? RuleAction.Allow : null;

        return rules is [{ IsEverything: true, Action: RuleAction.Allow }, ..] ? RuleAction.Allow : null;
    }

    private static RuleAction? OfPiece(List<CompiledRule> rules, string piece)
    {
        // `/bin/rm` is `rm` for whoever forbids that, but not for whoever allows it: it could be any program of that name.
        var bare = ShellCommand.WithoutFolder(piece);
        return rules.FindLast(r => r.MatchesCommand(piece) || (r.Action != RuleAction.Allow && r.MatchesCommand(bare)))?.Action;
    }
}
