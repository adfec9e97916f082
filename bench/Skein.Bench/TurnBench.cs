using System.Diagnostics;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Bench;

/// <summary>A warm turn of ten tool calls, one a step, when the model answers at once: Skein's own share of it.</summary>
internal static class TurnBench
{
    private const int Calls = 10;
    private const int Rounds = 9;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        await using var model = await ModelServer.StartAsync(cancellationToken);
        await using var program = new PublishedProgram();
        program.Environment["OPENAI_BASE_URL"] = model.OpenAiAddress;
        program.Environment["OPENAI_API_KEY"] = "none";
        await using var client = await program.ServeAsync(cancellationToken);
        var session = await client.CreateAsync(new NewSession(program.Workspace, Model: "openai/any", Mode: PermissionMode.Auto), cancellationToken);

        List<double> cpu = [], wall = [];
        for (var round = -2; round < Rounds; round++)
        {
            for (var call = 0; call < Calls; call++)
                model.Enqueue(new StreamedAnswer(new Said("Step."), new Called($"call_{round}_{call}", "bash", "{\"command\":", $"\"echo {call}\"}}")));
            model.Enqueue(new StreamedAnswer(new Said("Done.")));

            var before = program.ServerCpu();
            var watch = Stopwatch.StartNew();
            var tools = await TurnAsync(client, session.Session.Id, cancellationToken);
            watch.Stop();
            if (round < 0)
                continue;
            cpu.Add(program.ServerCpu() - before);
            wall.Add(watch.Elapsed.TotalSeconds - tools);
        }

        return
        [
            new Row("a warm turn of 10 tool calls, CPU of the server", $"{Median.Of(cpu):0.00} s", "3.37 s", "≤ 0.35 s"),
            new Row("the same, wall time without the tools' own (the model's included)", $"{Median.Of(wall):0.000} s", "", "≤ 0.3 s"),
        ];
    }

    // Seconds that the tools took for themselves.
    private static async Task<double> TurnAsync(Client.SkeinClient client, SessionId session, CancellationToken cancellationToken)
    {
        var accepted = await client.PromptAsync(session, new PromptRequest("Go."), cancellationToken);
        var tools = 0L;
        await foreach (var frame in client.FollowAsync(session, accepted.Seq, cancellationToken))
        {
            switch ((frame as EventFrame)?.Event.Body)
            {
                case ToolFinished { IsError: true }:
                    throw new InvalidOperationException("A tool failed: the figure would be worth nothing.");
                case ToolFinished finished:
                    tools += finished.DurationMs;
                    break;
                case TurnFailed failed:
                    throw new InvalidOperationException(failed.Message);
                case TurnCompleted:
                    return tools / 1000.0;
            }
        }

        throw new InvalidOperationException("The stream ended.");
    }
}
