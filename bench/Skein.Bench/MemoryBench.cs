using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Bench;

/// <summary>What a server weighs, idle and after 20 sessions of 20 messages.</summary>
internal static class MemoryBench
{
    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        await using var client = await program.ServeAsync(cancellationToken);
        await client.ListAsync(new SessionQuery(), cancellationToken);
        var idle = program.ServerMemory();

        var text = string.Concat(Enumerable.Repeat("Twenty sessions of twenty messages of two kilobytes. ", 40));
        for (var s = 0; s < 20; s++)
        {
            var session = await client.CreateAsync(new NewSession(program.Workspace), cancellationToken);
            for (var m = 0; m < 20; m++)
                await client.AddMessageAsync(session.Session.Id, new NewMessage(m % 2 == 0 ? Role.User : Role.Assistant, [new TextPart(text)]), cancellationToken);
        }

        return
        [
            new Row("resident memory, idle", $"{idle:0} MiB", "315 MB", "≤ 80 MB"),
            new Row("resident memory after 20 sessions of 20 messages", $"{program.ServerMemory():0} MiB", "859 MB", "≤ 120 MB"),
        ];
    }
}
