using System.Text.Json.Serialization;
using Skein.Agent.Permissions.Shell;
using Skein.Agent.Tools;

namespace Skein.Agent.Permissions;

/// <summary>What a rule does about a call; the order is the order of severity.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RuleAction>))]
public enum RuleAction
{
    [JsonStringEnumMemberName("allow")] Allow,
    [JsonStringEnumMemberName("ask")] Ask,
    [JsonStringEnumMemberName("deny")] Deny,
}

/// <summary>One rule. Of several that match a call the last one holds.</summary>
/// <param name="Tool">The tool's name, <c>*</c> stands for any characters.</param>
/// <param name="Pattern">
/// What the call is about. A path: <c>*</c> within a name, <c>**</c> any number of folders, relative to the workspace unless it begins
/// with '/'; ending in '/' or <c>/**</c> it means the folder and all below. A command or a host: <c>*</c> any characters. <c>*</c> alone
/// is everything; <c>\</c> takes the next character as it is.
/// </param>
public sealed record PermissionRule(string Tool, string Pattern, RuleAction Action);

/// <summary>A rule ready to be matched. Immutable.</summary>
internal sealed class CompiledRule
{
    private readonly Glob _tool;
    private readonly Glob _path;
    private readonly Glob _command;
    private readonly Glob _host;

    public CompiledRule(PermissionRule rule)
    {
        Action = rule.Action;
        IsEverything = rule.Pattern is "*" or "**";
        IsOfSeveral = rule.Pattern.AsSpan().ContainsAny(";&|\n");
        _tool = Glob.ForText(rule.Tool);
        _path = Glob.ForPaths(rule.Pattern.EndsWith('/') ? rule.Pattern + "**" : rule.Pattern);
        _command = Glob.ForText(rule.Pattern);
        _host = Glob.ForText(rule.Pattern.ToLowerInvariant());
    }

    public RuleAction Action { get; }

    public bool IsEverything { get; }

    /// <summary>As a rule for commands it is about several at once.</summary>
    public bool IsOfSeveral { get; }

    public bool IsFor(string tool) => _tool.MatchesText(tool);

    public bool IsExactly(string command) => _command.IsLiteral && MatchesCommand(command);

    public bool MatchesPath(string subject) => IsEverything || _path.Matches(subject);

    /// <param name="host">Lower-case.</param>
    public bool MatchesHost(string host) => _host.MatchesText(host);

    public bool MatchesCommand(string command) => _command.MatchesText(command);

    /// <summary>Whether it matches for one of the texts that <see cref="ShellWord.Unknown"/> stands for.</summary>
    public bool MayMatchCommand(string command) => _command.MayMatchText(command, ShellWord.Unknown);
}
