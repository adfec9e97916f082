using System.Text.Json;
using Skein.Agent.Tools;

namespace Skein.Agent.Mcp;

/// <summary>Lists and reads the resources of servers; asked about like a call of their tools.</summary>
internal sealed class McpResourceTool(IReadOnlyList<McpServer> having, string folder, McpServers servers) : ITool
{
    public string Name => "mcp_resource";

    public string Description { get; } = $"{ToolTexts.Description("mcp_resource")}\n\nThe servers: {string.Join(", ", having.Select(s => s.Name))}";

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "server": { "type": "string", "description": "The server." },
            "uri": { "type": "string", "description": "The resource to read. Default: all of the server's are listed." }
          },
          "required": ["server"],
          "additionalProperties": false
        }
        """);

    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (server, uri) = Parse(arguments);
        var what = uri ?? "resources";
        return ValueTask.FromResult(new ToolIntent(ToolEffect.Execute, $"{server.Name} {what}", $"{server.Name}: {what}"));
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (server, uri) = Parse(arguments);
        try
        {
            var connection = await servers.ConnectAsync(server, folder, cancellationToken);
            return new ToolOutput(uri is null
                ? await connection.ListResourcesAsync(server, servers.Time, cancellationToken)
                : await connection.ReadResourceAsync(server, uri, servers.Time, cancellationToken));
        }
        catch (McpServerException e)
        {
            return new ToolOutput(e.Message, IsError: true);
        }
    }

    private (McpServer Server, string? Uri) Parse(JsonElement json)
    {
        var arguments = new ToolArguments(Name, json, "server", "uri");
        var name = arguments.Text("server");
        return having.FirstOrDefault(s => s.Name == name) is { } server
            ? (server, arguments.OptionalText("uri"))
            : throw new ToolInputException($"There is no server '{name}' with resources; there are: {string.Join(", ", having.Select(s => s.Name))}.");
    }
}
