namespace Skein.Core.Search;

/// <summary>What to look for in what was said and done in all sessions.</summary>
/// <param name="Text">1 to 500 characters that may stand anywhere in a text, or a regular expression.</param>
/// <param name="IsRegex">
/// <paramref name="Text"/> is a regular expression of .NET, in which <c>^</c> and <c>$</c> are the ends of lines.
/// </param>
/// <param name="MatchCase">Whether A differs from a.</param>
/// <param name="Workspace">Only in sessions of this folder; null: of all.</param>
/// <param name="Agent">Only in sessions that this agent has now.</param>
/// <param name="Since">Only what was said then or later.</param>
/// <param name="Role">Only what this role said; a tool's output is the tool's, whatever message it stands in.</param>
/// <param name="Trashed">In the sessions of the trash instead of the others. Archived ones are among those searched either way.</param>
/// <param name="Limit">How many hits at most.</param>
/// <param name="Follow">Also in those that are lost and belong to <paramref name="Workspace"/>, as <see cref="SessionQuery"/> has it, with <paramref name="Project"/> and <paramref name="NotIn"/>.</param>
public sealed record SearchQuery(
    string Text,
    bool IsRegex = false,
    bool MatchCase = false,
    string? Workspace = null,
    string? Agent = null,
    DateTimeOffset? Since = null,
    Role? Role = null,
    bool Trashed = false,
    int Limit = 50,
    bool Follow = false,
    Project? Project = null,
    IReadOnlyList<string>? NotIn = null);
