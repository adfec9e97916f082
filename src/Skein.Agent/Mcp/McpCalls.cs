using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Skein.Agent.Mcp;

/// <summary>
/// Calls tools of one server, and takes a call back there when nobody waits for it any longer. The package's own way to call tells the
/// server only where it wins a race against itself, which it hardly ever does. Safe for use by many threads.
/// </summary>
/// <param name="isProgram">It is spoken to over pipes.</param>
internal sealed class McpCalls(McpClient client, bool isProgram, TimeProvider time)
{
    // Since this version, over HTTP, the end of the request is what takes it back.
    private const string WithoutNotice = "2026-07-28";

    // A server that does not read must not keep an interrupt waiting.
    private static readonly TimeSpan s_telling = TimeSpan.FromSeconds(1);

    private int _count;

    /// <param name="seen">Told whenever the server says that it is at work.</param>
    public async Task<CallToolResult> CallAsync(string tool, JsonElement arguments, Action seen, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"call-{Interlocked.Increment(ref _count)}");
        await using var progress = client.RegisterNotificationHandler(NotificationMethods.ProgressNotification, (told, _) =>
        {
            if (told.Params?["progressToken"] is JsonValue token && token.TryGetValue<string>(out var of) && of == name)
                seen();
            return default;
        });
        var request = new CallToolRequestParams
        {
            Name = tool,
            Arguments = arguments.EnumerateObject().ToDictionary(static p => p.Name, static p => p.Value, StringComparer.Ordinal),
            Meta = new JsonObject { ["progressToken"] = name },
        };
        try
        {
            return await client.SendRequestAsync<CallToolRequestParams, CallToolResult>(RequestMethods.ToolsCall, request, McpJsonUtilities.DefaultOptions, new RequestId(name), cancellationToken);
        }
        catch (OperationCanceledException) when (isProgram || string.CompareOrdinal(client.NegotiatedProtocolVersion, WithoutNotice) < 0)
        {
            await TakeBackAsync(new RequestId(name));
            throw;
        }
    }

    private async Task TakeBackAsync(RequestId request)
    {
        using var tooLong = new CancellationTokenSource(s_telling, time);
        try
        {
            await client.SendNotificationAsync(
                NotificationMethods.CancelledNotification, new CancelledNotificationParams { RequestId = request }, McpJsonUtilities.DefaultOptions, tooLong.Token);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or McpException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // It has gone, or does not listen: there is nobody to tell.
        }
    }
}
