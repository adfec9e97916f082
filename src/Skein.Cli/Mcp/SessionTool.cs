using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Skein.Cli.Commands;
using Skein.Core;

namespace Skein.Cli.Mcp;

/// <summary>A tool that other agents are given. It answers a JSON object, or an error in words.</summary>
internal abstract class SessionTool : McpServerTool
{
    /// <summary>Characters of an answer: about 10,000 tokens, which agents take without cutting it themselves.</summary>
    public const int LongestAnswer = 40_000;

    protected const string SessionArgument = """
        "session": { "type": "string", "description": "Its id, the start of it, or 'last': the newest of this folder." }
        """;

    private readonly Tool _tool;

    /// <param name="properties">The arguments: what stands in <c>properties</c> of their JSON Schema.</param>
    protected SessionTool(Allowance needs, string name, string title, string description, string properties, params string[] required)
    {
        Needs = needs;
        _tool = new Tool
        {
            Name = name,
            Title = title,
            Description = description,
            InputSchema = JsonElement.Parse(
                $$"""{ "type": "object", "properties": { {{properties}} }, "required": [{{string.Join(", ", required.Select(static r => $"\"{r}\""))}}], "additionalProperties": false }"""),
            Annotations = new ToolAnnotations { ReadOnlyHint = needs == Allowance.Read, DestructiveHint = needs == Allowance.Prompt, OpenWorldHint = needs == Allowance.Prompt },
        };
    }

    /// <summary>What must be allowed for it.</summary>
    public Allowance Needs { get; }

    public override Tool ProtocolTool => _tool;

    public override IReadOnlyList<object> Metadata => [];

    public override async ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
    {
        try
        {
            var arguments = new ToolArguments(_tool, request.Params.Arguments);
            return Answer(await RunAsync(arguments, new ProgressTeller(request), cancellationToken));
        }
        catch (Exception e) when (e is SkeinException or UsageException)
        {
            return new CallToolResult { IsError = true, Content = [new TextContentBlock { Text = e.Message }] };
        }
    }

    /// <exception cref="SkeinException">It cannot be done; the other agent reads the message.</exception>
    protected abstract Task<SessionAnswer> RunAsync(ToolArguments arguments, ProgressTeller progress, CancellationToken cancellationToken);

    private static CallToolResult Answer(SessionAnswer answer) => new()
    {
        IsError = answer.IsError,
        Content = [new TextContentBlock { Text = answer.Content.ToJsonString(SkeinJson.Relaxed.Options) }],
    };
}

/// <param name="IsError">What was asked for was begun, and failed.</param>
internal sealed record SessionAnswer(JsonObject Content, bool IsError = false);

/// <summary>Tells who called a tool, and wants to know, what happens meanwhile.</summary>
internal sealed class ProgressTeller(RequestContext<CallToolRequestParams> request)
{
    private int _told;

    public async Task TellAsync(string what, CancellationToken cancellationToken)
    {
        if (request.Params.ProgressToken is { } token)
            await request.Server.NotifyProgressAsync(token, new() { Progress = ++_told, Message = what }, cancellationToken: cancellationToken);
    }
}
