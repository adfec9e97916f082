using System.Diagnostics;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Bench;

/// <summary>How long after an append is acknowledged to the one who made it a follower has it, over the API.</summary>
internal static class FollowBench
{
    private const int Messages = 1000;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        await using var client = await program.ServeAsync(cancellationToken);
        var session = (await client.CreateAsync(new NewSession(program.Workspace), cancellationToken)).Session.Id;

        var seen = new long[Messages + 2];
        var acknowledged = new long[Messages + 2];
        var follower = Task.Run(
            async () =>
            {
                await foreach (var frame in client.FollowAsync(session, 0, cancellationToken))
                {
                    if (frame is not EventFrame { Event: { } e })
                        continue;
                    seen[e.Seq] = Stopwatch.GetTimestamp();
                    if (e.Seq == Messages + 1)
                        return;
                }
            },
            cancellationToken);

        var watch = Stopwatch.StartNew();
        for (var i = 0; i < Messages; i++)
        {
            var added = await client.AddMessageAsync(session, new NewMessage(Role.User, [new TextPart("follow me")]), cancellationToken);
            acknowledged[added.Seq] = Stopwatch.GetTimestamp();
        }

        var adding = watch.Elapsed.TotalSeconds;
        await follower;
        var late = Enumerable.Range(2, Messages).Select(i => Stopwatch.GetElapsedTime(acknowledged[i], seen[i]).TotalMilliseconds * Math.Sign(seen[i] - acknowledged[i])).ToList();
        return
        [
            new Row("a follower has an event, after its acknowledgement (median)", $"{Math.Max(0, Median.Of(late)):0.00} ms", "", "≤ 2 ms"),
            new Row("1,000 messages added over the API, one after another", $"{adding:0.0} s", "23 s", ""),
        ];
    }
}
