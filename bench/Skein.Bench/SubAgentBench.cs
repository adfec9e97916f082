using System.Text.Json;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Bench;

/// <summary>What sub-agents weigh that work at once, and what a server weighs that has many sessions of which none works.</summary>
internal static class SubAgentBench
{
    private const int Agents = 20;
    private const int Sessions = 100;
    private const int Messages = 200;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken) =>
        [await WorkingAsync(cancellationToken), await IdleAsync(cancellationToken)];

    private static async Task<Row> WorkingAsync(CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        var slow = await ScriptAsync(program, "slow", [[new { type = "text", text = new string('.', 100_000), chunk = 10, delay_ms = 50 }]], cancellationToken);
        var folder = Directory.CreateDirectory(Path.Combine(program.Workspace, ".skein", "agents")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "worker.md"), $"---\ndescription: Works.\nmodel: scripted/{slow}\n---\nWork.\n", cancellationToken);
        program.Time("trust");
        var call = (int n) => (object)new { type = "call", tool = "task", arguments = new { agent = "worker", title = $"Part {n}", prompt = "Work." } };
        var one = await ScriptAsync(program, "one", [[call(0)]], cancellationToken);
        var all = await ScriptAsync(program, "all", [[.. Enumerable.Range(0, Agents).Select(call)]], cancellationToken);
        await using var client = await program.ServeAsync(cancellationToken);

        // One first, so that what they share is there.
        await WorkAsync(program, client, one, 1, cancellationToken);
        var before = program.ServerMemory();
        await WorkAsync(program, client, all, Agents, cancellationToken);
        return new Row($"memory of the server for each of {Agents} sub-agents at work at once", $"{(program.ServerMemory() - before) / Agents:0.00} MiB", "", "≤ 2 MB");
    }

    private static async Task WorkAsync(PublishedProgram program, SkeinClient client, string script, int agents, CancellationToken cancellationToken)
    {
        var parent = (await client.CreateAsync(new NewSession(program.Workspace, Model: $"scripted/{script}", Mode: PermissionMode.Auto), cancellationToken)).Session.Id;
        await client.PromptAsync(parent, new PromptRequest("Hand it out."), cancellationToken);
        var working = new HashSet<SessionId>();
        await foreach (var row in client.WatchAsync(cancellationToken))
        {
            if (row.Row is { Parent: { } above, Messages: > 1 } && above == parent && working.Add(row.Row.Id) && working.Count == agents)
                break;
        }

        if (agents == 1)
            await client.InterruptAsync(parent, cancellationToken);
    }

    private static async Task<Row> IdleAsync(CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        await using var client = await program.ServeAsync(cancellationToken);
        var text = string.Concat(Enumerable.Repeat("A hundred sessions of two hundred messages. ", 12));
        for (var s = 0; s < Sessions; s++)
        {
            var session = (await client.CreateAsync(new NewSession(program.Workspace), cancellationToken)).Session.Id;
            for (var m = 0; m < Messages; m++)
                await client.AddMessageAsync(session, new NewMessage(m % 2 == 0 ? Role.User : Role.Assistant, [new TextPart(text)]), cancellationToken);
        }

        return new Row($"resident memory with {Sessions} idle sessions of {Messages} messages, all just written", $"{program.ServerMemory():0} MiB", "", "≤ 150 MB");
    }

    private static async Task<string> ScriptAsync(PublishedProgram program, string name, object[][] steps, CancellationToken cancellationToken)
    {
        var path = Path.Combine(program.Own, name + ".json");
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(new { steps = steps.Select(s => new { parts = s }) }), cancellationToken);
        return path;
    }
}
