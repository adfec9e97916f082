using System.Globalization;
using System.Text;
using System.Text.Json;
using Skein.Agent.Tools;
using Skein.Core;

namespace Skein.Agent.Mcp;

/// <summary>A tool of a server, as the agent has it. What the server says of it allows nothing: it is asked about like a command.</summary>
internal sealed class McpTool(string name, string original, string description, JsonElement schema, McpServer server, string folder, McpServers servers) : ITool
{
    private const int LongestName = 64;
    private const int LongestDescription = 4000;

    public string Name => name;
    public string Description { get; } = TextCut.Head(description, LongestDescription);
    public JsonElement Parameters => schema;

    /// <summary>Names as models take them, unique: <c>mcp__server__tool</c>.</summary>
    /// <param name="taken">Those that there are; this one is added.</param>
    public static string NameFor(string server, string tool, HashSet<string> taken)
    {
        var legal = new StringBuilder($"mcp__{server}__{tool}");
        for (var i = 0; i < legal.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(legal[i]) && legal[i] is not ('_' or '-'))
                legal[i] = '_';
        }

        var name = legal.Length <= LongestName ? legal.ToString() : legal.ToString(0, LongestName);
        var free = name;
        for (var n = 2; !taken.Add(free); n++)
        {
            var suffix = string.Create(CultureInfo.InvariantCulture, $"_{n}");
            free = name[..Math.Min(name.Length, LongestName - suffix.Length)] + suffix;
        }

        return free;
    }

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new ToolIntent(ToolEffect.Execute, $"{server.Name} {original}", $"{server.Name}: {original}", arguments.GetRawText()));

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await servers.ConnectAsync(server, folder, cancellationToken);
            return new ToolOutput(await connection.CallAsync(server, original, arguments, servers.Time, cancellationToken));
        }
        catch (McpServerException e)
        {
            return new ToolOutput(e.Message, IsError: true);
        }
    }
}
