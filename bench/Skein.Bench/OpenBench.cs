using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Bench;

/// <summary>What servers of MCP and skills cost that nobody uses, and what a call through MCP adds. Needs node.</summary>
internal static class OpenBench
{
    private const int Servers = 10;
    private const int Skills = 50;
    private const int Starts = 15;
    private const int Turns = 60;
    private const int Calls = 20;
    private const int CallTurns = 15;
    private const int WarmingTurns = 10;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        await using var model = await ModelServer.StartAsync(cancellationToken);
        await using var bare = Program(model, 0, 0);
        await using var full = Program(model, Servers, Skills);

        // As a user has them: they ran once, and what they offer is known since.
        full.Time("mcp", "test");

        List<double> startBare = [], startFull = [];
        for (var round = 0; round < Starts; round++)
        {
            startBare.Add(await StartAsync(bare, cancellationToken));
            startFull.Add(await StartAsync(full, cancellationToken));
        }

        await using var without = await BenchSession.OpenAsync(bare, model, cancellationToken);
        await using var with = await BenchSession.OpenAsync(full, model, cancellationToken);
        List<double> turnBare = [], turnFull = [], through = [], builtIn = [];
        for (var round = -WarmingTurns; round < Turns; round++)
        {
            var (one, other) = (await without.TimeAsync([], cancellationToken), await with.TimeAsync([], cancellationToken));
            if (round < 0)
                continue;
            turnBare.Add(one);
            turnFull.Add(other);
        }

        if (full.ServerChildren().Any(c => c.Name == "node"))
            throw new InvalidOperationException("A server of MCP runs though none was used: the figure would be worth nothing.");

        for (var round = -WarmingTurns; round < CallTurns; round++)
        {
            // Another text each time: the same call again and again is asked about.
            var mcp = await with.TimeAsync([.. Texts().Select(static t => ("mcp__server0__echo", $$"""{"text":"{{t}}"}"""))], cancellationToken);
            var todo = await with.TimeAsync([.. Texts().Select(static t => ("todo", $$"""{"items":[{"text":"{{t}}","state":"open"}]}"""))], cancellationToken);
            if (round < 0)
                continue;
            through.Add(mcp / Calls);
            builtIn.Add(todo / Calls);
        }

        var own = await ServerAsync(cancellationToken);
        var adds = Median.Of(through) - Median.Of(builtIn) - own;
        return
        [
            new Row($"start of the server with {Servers} servers of MCP and {Skills} skills", $"{Median.Of(startFull):0.000} s", $"{Median.Of(startBare):0.000} s without", "no more"),
            new Row("a turn with them, none of them used", Ms(Median.Of(turnFull)), $"{Ms(Median.Of(turnBare))} without: {Ms(Median.Of(turnFull) - Median.Of(turnBare))} more", "≤ 2 ms more"),
            new Row("a step that calls a tool through MCP", Ms(Median.Of(through)), $"{Ms(Median.Of(builtIn))} for a step with `todo`, {Ms(own)} for the server's own answer: {Ms(adds)} more", "≤ 2 ms more"),
        ];
    }

    private static IEnumerable<string> Texts() => Enumerable.Range(0, Calls).Select(static n => string.Create(CultureInfo.InvariantCulture, $"honk {n}"));

    private static string Ms(double seconds) => $"{seconds * 1000:0.00} ms";

    private static PublishedProgram Program(ModelServer model, int servers, int skills)
    {
        var program = new PublishedProgram();
        var config = Path.Combine(program.Own, "config");
        foreach (var (name, value) in new[] { ("HOME", program.Own), ("SKEIN_CONFIG", Path.Combine(config, "skein.json")), ("OPENAI_BASE_URL", model.OpenAiAddress), ("OPENAI_API_KEY", "none") })
            program.Environment[name] = value;

        Directory.CreateDirectory(config);
        File.WriteAllText(program.Environment["SKEIN_CONFIG"], JsonSerializer.Serialize(new
        {
            mcp = Enumerable.Range(0, servers).ToDictionary(static n => string.Create(CultureInfo.InvariantCulture, $"server{n}"), static _ => new { command = McpStandIn.Command }),
            // A call that may change files is followed by a snapshot of them, whoever makes it: that is no cost of the protocol.
            checkpoints = false,
            permissions = new[] { new { tool = "mcp__*", action = "allow" } },
        }));
        for (var n = 0; n < skills; n++)
        {
            var folder = Directory.CreateDirectory(Path.Combine(config, "skills", string.Create(CultureInfo.InvariantCulture, $"skill-{n}"))).FullName;
            File.WriteAllText(Path.Combine(folder, "SKILL.md"), $"---\nname: {Path.GetFileName(folder)}\ndescription: What is to be known of a pond, and when.\n---\nMind the geese.\n");
        }

        return program;
    }

    private static async Task<double> StartAsync(PublishedProgram program, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        await using var client = await program.ServeAsync(cancellationToken);
        var took = watch.Elapsed.TotalSeconds;
        await program.StopServerAsync();
        return took;
    }

    /// <summary>Seconds that the server itself takes for a call, over its own pipes.</summary>
    private static async Task<double> ServerAsync(CancellationToken cancellationToken)
    {
        const int Warming = 200;
        using var server = Process.Start(new ProcessStartInfo(McpStandIn.Command[0], McpStandIn.Command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var took = new List<double>();
        for (var call = 0; call < Warming + (Calls * CallTurns); call++)
        {
            var began = Stopwatch.GetTimestamp();
            await server.StandardInput.WriteLineAsync(
                string.Create(CultureInfo.InvariantCulture, $$$$"""{"jsonrpc":"2.0","id":{{{{call}}}},"method":"tools/call","params":{"name":"echo","arguments":{"text":"honk"}}}"""));
            await server.StandardInput.FlushAsync(cancellationToken);
            if (await server.StandardOutput.ReadLineAsync(cancellationToken) is null)
                throw new InvalidOperationException("The server of MCP ended.");
            if (call >= Warming)
                took.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        server.Kill();
        await server.WaitForExitAsync(cancellationToken);
        return Median.Of(took);
    }

    /// <summary>Turns of one session, one after another.</summary>
    private sealed class BenchSession(Client.SkeinClient client, SessionId session, ModelServer model) : IAsyncDisposable
    {
        private int _calls;

        public static async Task<BenchSession> OpenAsync(PublishedProgram program, ModelServer model, CancellationToken cancellationToken)
        {
            var client = await program.ServeAsync(cancellationToken);
            var session = await client.CreateAsync(new NewSession(program.Workspace, Model: "openai/any", Mode: PermissionMode.Auto), cancellationToken);
            return new BenchSession(client, session.Session.Id, model);
        }

        /// <summary>Seconds of a turn that makes these calls, one a step.</summary>
        public async Task<double> TimeAsync(IReadOnlyList<(string Tool, string Arguments)> calls, CancellationToken cancellationToken)
        {
            foreach (var (tool, arguments) in calls)
                model.Enqueue(new StreamedAnswer(new Called(string.Create(CultureInfo.InvariantCulture, $"call_{_calls++}"), tool, arguments)));
            model.Enqueue(new StreamedAnswer(new Said("Done.")));

            var watch = Stopwatch.StartNew();
            var accepted = await client.PromptAsync(session, new PromptRequest("Go."), cancellationToken);
            await foreach (var frame in client.FollowAsync(session, accepted.Seq, cancellationToken))
            {
                switch ((frame as EventFrame)?.Event.Body)
                {
                    case PartAdded { Content: ToolResultPart { IsError: true } wrong }:
                        throw new InvalidOperationException(wrong.Output);
                    case PermissionAsked asked:
                        throw new InvalidOperationException($"It is asked: {asked.Title}");
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
