using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Acp;
using Skein.Adapters.Driving;
using Skein.Core;

namespace Skein.Adapters.Archives;

/// <summary>
/// The sessions of an agent that lists them over the Agent Client Protocol, and tells what was said in one when it loads it. Its program
/// runs where it would work in the folder that it was asked about, whatever folder it says a session is of.
/// </summary>
public sealed class AcpArchive(DrivenAgentOptions agent, IdSource ids) : IAgentArchive
{
    private const int MostPages = 1000;
    private static readonly TimeSpan s_within = TimeSpan.FromMinutes(2);

    public Task<IReadOnlyList<FoundSession>> ListAsync(string folder, CancellationToken cancellationToken) => WithAgentAsync<IReadOnlyList<FoundSession>>(
        folder,
        async (call, about, token) =>
        {
            if (about.Find("agentCapabilities")?.Find("sessionCapabilities", "list") is null)
                throw new ArchiveException($"{agent.Name} does not list its sessions.");

            var found = new List<FoundSession>();
            string? cursor = null;
            for (var page = 0; page < MostPages; page++)
            {
                var parameters = new JsonObject { ["cwd"] = folder };
                if (cursor is not null)
                    parameters["cursor"] = cursor;
                var answer = await call("session/list", parameters, null, token);
                found.AddRange(answer.Items("sessions").Where(s => s.Text("sessionId") is { Length: > 0 }).Select(told => SessionOf(told, folder)));
                if ((cursor = answer.Text("nextCursor")) is null)
                    break;
            }

            return found;
        },
        cancellationToken);

    public Task<FoundTranscript> ReadAsync(FoundSession found, CancellationToken cancellationToken) => WithAgentAsync(
        found.Place,
        async (call, about, token) =>
        {
            if (!AcpAgent.Of(about).Replays)
                throw new ArchiveException($"{agent.Name} does not tell what was said in its sessions.");

            var replayed = new AcpReplayed(ids);
            var loaded = await call(
                "session/load", new JsonObject { ["sessionId"] = found.Id, ["cwd"] = found.Workspace ?? found.Place, ["mcpServers"] = new JsonArray() }, replayed.Hear, token);
            return new FoundTranscript(AcpSettings.None.After(loaded).Model, replayed.Build(), []);
        },
        cancellationToken);

    private static FoundSession SessionOf(JsonElement told, string folder) => new(
        told.Text("sessionId")!, told.Text("cwd"), SessionFiles.TitleOf(told.Text("title")),
        DateTimeOffset.TryParse(told.Text("updatedAt"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at : null,
        folder);

    private async Task<T> WithAgentAsync<T>(string folder, Func<Call, JsonElement, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var tooLong = new CancellationTokenSource(s_within, agent.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(tooLong.Token, cancellationToken);
        try
        {
            await using var process = await agent.StartAsync(folder, [], either.Token);
            var last = 0;
            var about = await CallAsync("initialize", AcpProtocol.Greeting(), null, either.Token);
            return await work(CallAsync, about, either.Token);

            async Task<JsonElement> CallAsync(string method, JsonObject parameters, Action<JsonElement>? hear, CancellationToken token)
            {
                await process.SendAsync(JsonRpc.Request(++last, method, parameters));
                while (true)
                {
                    var frame = await process.ReceiveAsync(token);
                    if (frame.Text("method") is { } told)
                    {
                        if (frame.Find("id") is { } request)
                            await process.SendAsync(JsonRpc.NotServed(request, told));
                        else if (told == "session/update" && frame.Find("params", "update") is { } update)
                            hear?.Invoke(update);
                    }
                    else if (frame.Number("id") == last)
                    {
                        return frame.Find("error") is { } error
                            ? throw new ArchiveException($"{agent.Name} refuses {method}: {AcpErrors.TextOf(error)}") : frame.Find("result") ?? default;
                    }
                }
            }
        }
        catch (AgentFailedException e)
        {
            throw new ArchiveException(e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ArchiveException($"{agent.Name} did not answer within {s_within.TotalSeconds:0} s.");
        }
    }

    /// <summary>Asks the agent, and hears what it says until it answers.</summary>
    private delegate Task<JsonElement> Call(string method, JsonObject parameters, Action<JsonElement>? hear, CancellationToken cancellationToken);
}
