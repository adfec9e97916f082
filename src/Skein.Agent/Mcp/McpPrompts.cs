using System.Text.RegularExpressions;
using Skein.Agent.Commands;
using Skein.Core;
using Skein.Core.Running;
using Skein.Sandbox;

namespace Skein.Agent.Mcp;

/// <summary>The prompts of servers, called as <c>/server:prompt</c>. Safe for use by many threads.</summary>
public sealed partial class McpPrompts(McpServers servers)
{
    /// <summary>Those of the servers that count in a workspace and ran before: none is started to tell them.</summary>
    /// <exception cref="Settings.SettingsException">The settings cannot be read.</exception>
    public async Task<IReadOnlyList<McpPrompt>> FindAsync(string workspace, CancellationToken cancellationToken) =>
        [.. (await servers.KnownAsync(workspace, cancellationToken)).SelectMany(o => o.Offer.Prompts.Select(p => new McpPrompt(NameOf(o.Server, p), o.Server, p)))];

    /// <returns>Null: it calls none.</returns>
    /// <exception cref="InvalidRequestException">The server cannot be used or refuses it, or an argument is missing.</exception>
    public async ValueTask<ExpandedPrompt?> ExpandAsync(Session session, string text, CancellationToken cancellationToken)
    {
        if (CommandLineText.Parse(text) is not { } call || !call.Name.Contains(':', StringComparison.Ordinal))
            return null;
        if ((await FindAsync(session.Workspace, cancellationToken)).FirstOrDefault(p => p.Name == call.Name) is not { } prompt)
            return null;

        var words = call.Words;
        if (prompt.Row.Arguments.Skip(words.Count).FirstOrDefault(a => a.Required) is { } missing)
            throw new InvalidRequestException($"/{prompt.Name} needs '{missing.Name}': /{prompt.Name} {prompt.Hint}");
        if (words.Count > prompt.Row.Arguments.Count)
            throw new InvalidRequestException($"/{prompt.Name} takes {prompt.Row.Arguments.Count} arguments, not {words.Count}; quotes hold together what has blanks.");

        try
        {
            var connection = await servers.ConnectAsync(prompt.Server, RealPath.Of(session.Workspace), cancellationToken);
            var values = prompt.Row.Arguments.Zip(words).ToDictionary(static a => a.First.Name, static a => (object?)a.Second, StringComparer.Ordinal);
            return new ExpandedPrompt($"[{call}]\n\n{await connection.GetPromptAsync(prompt.Server, prompt.Row.Name, values, servers.Time, cancellationToken)}");
        }
        catch (McpServerException e)
        {
            throw new InvalidRequestException(e.Message);
        }
    }

    private static string NameOf(McpServer server, McpPromptRow prompt) => $"{server.Name}:{Illegal().Replace(prompt.Name, "_")}";

    [GeneratedRegex("[^A-Za-z0-9_.-]")]
    private static partial Regex Illegal();
}

/// <summary>A prompt of a server.</summary>
/// <param name="Name">As it is called, without the slash.</param>
public sealed record McpPrompt(string Name, McpServer Server, McpPromptRow Row)
{
    /// <summary>What stands behind the name: what need not be there in brackets.</summary>
    public string Hint => string.Join(' ', Row.Arguments.Select(static a => a.Required ? a.Name : $"[{a.Name}]"));
}
