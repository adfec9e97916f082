using System.Diagnostics;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Bench;

/// <summary>What it costs to have MCP servers and skills, and what a call of one adds. Needs node.</summary>
internal static class OpenBench
{
    private const int Servers = 10;
    private const int Skills = 50;
    private const int Rounds = 25;
    private const int Calls = 20;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        await using var model = await ModelServer.StartAsync(cancellationToken);
        await using var bare = Program(model);
        await using var full = Program(model);
        await FillAsync(full, cancellationToken);
        List<double> startBare = [], startFull = [];
        for (var round = 0; round < 9; round++)
        {
            startBare.Add(await StartAsync(bare, cancellationToken));
            startFull.Add(await StartAsync(full, cancellationToken));
        }

        await using var bareTurns = await Turns.OpenAsync(bare, model, cancellationToken);
        await using var fullTurns = await Turns.OpenAsync(full, model, cancellationToken);
        List<double> turnBare = [], turnFull = [];
        for (var round = -3; round < Rounds; round++)
        {
            var (one, other) = (await bareTurns.TimeAsync([], cancellationToken), await fullTurns.TimeAsync([], cancellationToken));
            if (round < 0)
                continue;
            turnBare.Add(one);
            turnFull.Add(other);
        }

        await File.WriteAllTextAsync(Path.Combine(full.Workspace, "a.txt"), "geese", cancellationToken);
        var own = await ServerAsync(cancellationToken);
        List<double> through = [], builtIn = [];
        for (var round = -2; round < 9; round++)
        {
            var mcp = await fullTurns.TimeAsync([.. Enumerable.Repeat(("mcp__server0__echo", """{"text":"honk"}"""), Calls)], cancellationToken);
            var read = await fullTurns.TimeAsync([.. Enumerable.Repeat(("read", """{"path":"a.txt"}"""), Calls)], cancellationToken);
            if (round < 0)
                continue;
            through.Add(mcp / Calls);
            builtIn.Add(read / Calls);
        }

        var adds = Median.Of(through) - Median.Of(builtIn) - own;
        return
        [
            new Row($"start of the server with {Servers} MCP servers and {Skills} skills", $"{Median.Of(startFull):0.000} s", $"{Median.Of(startBare):0.000} s without", "no more"),
            new Row("a turn with them, none of them used", Ms(Median.Of(turnFull)), $"{Ms(Median.Of(turnBare))} without: {Ms(Median.Of(turnFull) - Median.Of(turnBare))} more", "≤ 2 ms more"),
            new Row("a call of a tool through MCP", Ms(Median.Of(through)), $"{Ms(Median.Of(builtIn))} of `read`, {Ms(own)} of the server itself: {Ms(adds)} more", "≤ 2 ms more"),
        ];
    }

    private static string Ms(double seconds) => $"{seconds * 1000:0.0} ms";

    private static PublishedProgram Program(ModelServer model)
    {
        var program = new PublishedProgram();
        program.Environment["OPENAI_BASE_URL"] = model.OpenAiAddress;
        program.Environment["OPENAI_API_KEY"] = "none";
        program.Environment["SKEIN_CONFIG"] = Path.Combine(program.Workspace, "..", "skein.json");
        return program;
    }

    // The servers ran once, as those of a user have: what they offer is known from then on.
    private static async Task FillAsync(PublishedProgram program, CancellationToken cancellationToken)
    {
        var settings = new { mcp = Enumerable.Range(0, Servers).ToDictionary(n => $"server{n}", _ => new { command = McpStandIn.Command }) };
        await File.WriteAllTextAsync(program.Environment["SKEIN_CONFIG"], JsonSerializer.Serialize(settings), cancellationToken);
        for (var n = 0; n < Skills; n++)
        {
            var folder = Directory.CreateDirectory(Path.Combine(program.Workspace, "..", "skills", $"skill-{n}")).FullName;
            await File.WriteAllTextAsync(Path.Combine(folder, "SKILL.md"), $"---\nname: skill-{n}\ndescription: What to know of the pond number {n}.\n---\nMind the geese.\n", cancellationToken);
        }

        program.Time("mcp", "test");
    }

    private static async Task<double> StartAsync(PublishedProgram program, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        await using var client = await program.ServeAsync(cancellationToken);
        var took = watch.Elapsed.TotalSeconds;
        await program.StopServerAsync();
        return took;
    }

    /// <summary>What the server takes by itself for a call, over its own pipes.</summary>
    private static async Task<double> ServerAsync(CancellationToken cancellationToken)
    {
        using var server = Process.Start(new ProcessStartInfo(McpStandIn.Command[0], McpStandIn.Command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var took = new List<double>();
        for (var call = 0; call < 220; call++)
        {
            var began = Stopwatch.GetTimestamp();
            await server.StandardInput.WriteLineAsync($$$$"""{"jsonrpc":"2.0","id":{{{{call}}}},"method":"tools/call","params":{"name":"echo","arguments":{"text":"honk"}}}""");
            await server.StandardInput.FlushAsync(cancellationToken);
            await server.StandardOutput.ReadLineAsync(cancellationToken);
            if (call >= 20)
                took.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        server.Kill();
        return Median.Of(took);
    }

    /// <summary>Turns of one session, one after another.</summary>
    private sealed class Turns(Client.SkeinClient client, SessionId session, ModelServer model) : IAsyncDisposable
    {
        private int _calls;

        public static async Task<Turns> OpenAsync(PublishedProgram program, ModelServer model, CancellationToken cancellationToken)
        {
            var client = await program.ServeAsync(cancellationToken);
            var session = await client.CreateAsync(new NewSession(program.Workspace, Model: "openai/any", Mode: PermissionMode.Auto), cancellationToken);
            return new Turns(client, session.Session.Id, model);
        }

        /// <summary>Seconds of a turn that makes these calls, one a step.</summary>
        public async Task<double> TimeAsync(IReadOnlyList<(string Tool, string Arguments)> calls, CancellationToken cancellationToken)
        {
            foreach (var (tool, arguments) in calls)
                model.Enqueue(new StreamedAnswer(new Called($"call_{_calls++}", tool, arguments)));
            model.Enqueue(new StreamedAnswer(new Said("Done.")));

            var watch = Stopwatch.StartNew();
            var accepted = await client.PromptAsync(session, new PromptRequest("Go."), cancellationToken);
            await foreach (var frame in client.FollowAsync(session, accepted.Seq, cancellationToken))
            {
                switch ((frame as EventFrame)?.Event.Body)
                {
                    case ToolFinished { IsError: true }:
                        throw new InvalidOperationException("A tool failed: the figure would be worth nothing.");
                    case TurnFailed failed:
                        throw new InvalidOperationException(failed.Message);
                    case TurnCompleted:
                        return watch.Elapsed.TotalSeconds;
                }
            }

            throw new InvalidOperationException("The stream ended.");
        }

        public ValueTask DisposeAsync() => client.DisposeAsync();
    }
}
