using System.Text.Json;
using System.Text.RegularExpressions;
using Skein.Agent.Mcp;
using Skein.Sandbox;

namespace Skein.Agent.Settings;

/// <summary>Reads MCP servers: those of <c>skein.json</c>, and those of a <c>.mcp.json</c> as other agents have it.</summary>
internal static partial class McpParser
{
    private const long MostBytes = 1 << 20;
    private static readonly JsonDocumentOptions s_json = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The key <c>mcp</c> of a settings file.</summary>
    public static IReadOnlyDictionary<string, McpServer> Read(SettingsNode node) =>
        node.Properties().Select(Server).ToDictionary(static s => s.Name, StringComparer.Ordinal);

    /// <summary>A <c>.mcp.json</c>.</summary>
    /// <param name="variable">What <c>${NAME}</c> stands for; null: nothing, then <c>${NAME:-default}</c> has a default.</param>
    /// <exception cref="SettingsException">It cannot be read or breaks a rule.</exception>
    public static async Task<IReadOnlyList<McpServer>> ReadFileAsync(string path, Func<string, string?> variable, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            return [];

        try
        {
            var length = RealPath.FileAt(path).Length;
            if (length is 0 or > MostBytes)
                throw new SettingsException(path, null, $"must be a file of 1 to {MostBytes} bytes, not {length}.");

            using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(path, cancellationToken), s_json);
            var root = new SettingsNode(path, null, document.RootElement);
            return root.Find("mcpServers") is { } servers ? [.. servers.Properties().Select(s => Foreign(s, variable))] : [];
        }
        catch (JsonException e)
        {
            throw new SettingsException(path, null, $"is not JSON: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(path, null, $"cannot be read: {e.Message}");
        }
    }

    private static McpServer Server(SettingsNode node)
    {
        var server = new McpServer(Named(node), [], Nothing, null, Nothing, null, McpServer.DefaultTimeoutSeconds);
        foreach (var property in node.Properties("command", "environment", "url", "headers", "key", "timeout_seconds", "sandbox"))
        {
            server = property.Name switch
            {
                "command" => server with { Command = [.. property.Items().Select(static i => i.Text())] },
                "environment" => server with { Environment = Texts(property) },
                "url" => server with { Url = Address(property, property.Text()) },
                "headers" => server with { Headers = Texts(property) },
                "sandbox" => server with { Sandbox = property.Flag() },
                "key" => server with { Key = property.Text() },
                _ => server with { TimeoutSeconds = property.Count("must be a number of seconds from 1 to 3600") is { } seconds and >= 1 and <= 3600 ? seconds : throw property.Wrong("must be a number of seconds from 1 to 3600") },
            };
        }

        return Checked(node, server);
    }

    // What other agents put there and this one does not know changes nothing here: it is theirs.
    private static McpServer Foreign(SettingsNode node, Func<string, string?> variable)
    {
        string Expanded(SettingsNode text) => Variable().Replace(text.Text(), match =>
            variable(match.Groups[1].Value) ?? (match.Groups[2].Success ? match.Groups[2].Value : throw text.Broken($"names the variable {match.Groups[1].Value}, which is not set or is a secret that tools do not see")));
        IReadOnlyDictionary<string, string> Map(string name) =>
            node.Find(name)?.Properties().ToDictionary(static p => p.Name, Expanded, StringComparer.Ordinal) ?? Nothing;

        string[] command = node.Find("command") is { } program
            ? [Expanded(program), .. node.Find("args")?.Items().Select(Expanded) ?? []]
            : [];
        var url = node.Find("url") is { } address ? Address(address, Expanded(address)) : null;
        return Checked(node, new McpServer(Named(node), command, Map("env"), url, Map("headers"), null, McpServer.DefaultTimeoutSeconds));
    }

    private static McpServer Checked(SettingsNode node, McpServer server) => (server.Command.Count > 0, server.Url is not null) switch
    {
        (true, true) => throw node.Broken("has a 'command' and a 'url': it must have one of them"),
        _ when server is { Sandbox: true, Url: not null } => throw node.Broken("has a 'sandbox', which is for a 'command'"),
        (false, false) => throw node.Broken("needs a 'command' (a program and its arguments) or a 'url'"),
        _ => server,
    };

    private static string Named(SettingsNode node) =>
        Name().IsMatch(node.Name) ? node.Name : throw node.Broken("must have a name of 1 to 32 of a-z, A-Z, 0-9, '-' and '_'");

    private static Uri Address(SettingsNode node, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url is { UserInfo: "", Fragment: "" }
            ? url
            : throw node.Broken("must be an http or https URL without user, password and fragment");

    private static Dictionary<string, string> Texts(SettingsNode node) =>
        node.Properties().ToDictionary(static p => p.Name, static p => p.Text(), StringComparer.Ordinal);

    private static Dictionary<string, string> Nothing => [];

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,32}\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")]
    private static partial Regex Variable();
}
