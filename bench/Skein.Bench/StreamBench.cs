using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Bench;

/// <summary>What a token costs on its way from a provider's socket to a follower: the server's CPU over a long answer.</summary>
internal static class StreamBench
{
    private const int Tokens = 20_000;
    private const int Rounds = 5;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        await using var model = await ModelServer.StartAsync(cancellationToken);
        await using var program = new PublishedProgram();
        program.Environment["OPENAI_BASE_URL"] = model.OpenAiAddress;
        program.Environment["OPENAI_API_KEY"] = "none";
        await using var client = await program.ServeAsync(cancellationToken);
        var session = (await client.CreateAsync(new NewSession(program.Workspace, Model: "openai/any"), cancellationToken)).Session.Id;

        string[] said = [.. Enumerable.Range(0, Tokens).Select(static n => n % 16 == 15 ? "word.\n" : "word ")];
        List<double> each = [];
        for (var round = -1; round < Rounds; round++)
        {
            model.Enqueue(new StreamedAnswer(new Said(said)));
            var before = program.ServerCpu();
            await FollowAsync();
            if (round >= 0)
                each.Add((program.ServerCpu() - before) / Tokens * 1_000_000);
        }

        return [new Row($"a token of an answer of {Tokens:N0}, from the provider's socket to a follower, CPU of the server", $"{Median.Of(each):0.0} µs", "", "≤ 20 µs")];

        async Task FollowAsync()
        {
            var accepted = await client.PromptAsync(session, new PromptRequest("Go."), cancellationToken);
            await foreach (var frame in client.FollowAsync(session, accepted.Seq, cancellationToken))
            {
                switch ((frame as EventFrame)?.Event.Body)
                {
                    case TurnFailed failed:
                        throw new InvalidOperationException(failed.Message);
                    case TurnCompleted:
                        return;
                }
            }
        }
    }
}
