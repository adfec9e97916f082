using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Skein.Client;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;
using Skein.Testing;

namespace Skein.Bench;

/// <summary>Skein's own share where it drives another agent: Claude Code itself, warm, with a model that answers at once, and many that rest.</summary>
internal static class DrivenBench
{
    private const int Pairs = 5;
    private const int WarmingRounds = 40;
    private const int Rounds = 30;
    private const int Turns = 10;
    private const int WarmingTurns = 10;
    private const int Calls = 10;
    private const int Idle = 50;
    private const int PromptBytes = 600;
    private const string ClaudeModel = "claude-sonnet-4-5";

    // Answers every request at once; says nothing in its turns.
    private const string StandIn = """
        while read -r line; do
          id=${line##*\"id\":}; id=${id%%[,\}]*}
          case $line in
            *'"initialize"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":1,"agentCapabilities":{}}}' ;;
            *'"session/new"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"sessionId":"own-'$$'"}}' ;;
            *'"session/prompt"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"stopReason":"end_turn"}}' ;;
          esac
        done

        """;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken) =>
        [.. await ClaudeAsync(cancellationToken), await IdleAsync(cancellationToken)];

    private static async Task<IReadOnlyList<Row>> ClaudeAsync(CancellationToken cancellationToken)
    {
        await using var model = await ModelServer.StartAsync(cancellationToken);
        // Whatever stands beside the turns, a title or a check of the model, is answered too.
        model.Otherwise = _ => new StreamedAnswer(new Said("Honk."));
        await using var program = new PublishedProgram();
        var variables = Variables(program, model);
        foreach (var (name, value) in variables)
            program.Environment[name] = value;
        await using var client = await program.ServeAsync(cancellationToken);

        // Two processes of one program differ by some milliseconds, as long as they live: one pair alone tells more of them than of Skein.
        using var bare = new BareFile(Path.Combine(program.Own, "bare"));
        List<FirstTokens> pairs = [];
        while (pairs.Count < Pairs)
        {
            await using var driven = await Attached.CreateAsync(client, ClaudeSession(program), cancellationToken);
            using var direct = StartDirect(program.Workspace, variables);
            pairs.Add(await FirstTokensAsync(driven, direct, bare, cancellationToken));
            direct.Kill(entireProcessTree: true);
            await client.ReleaseAsync(driven.Session, cancellationToken);
        }

        var (skein, agent) = await CpuAsync(program, client, model, cancellationToken);
        return
        [
            new Row(
                "Claude Code driven, ms that Skein adds to the first token", $"{pairs.Average(static p => p.Driven - p.Alone):0.0} ms",
                $"{pairs.Average(static p => p.Alone):0.0} ms without Skein; two flushes of a bare file at that pace, for the prompt and the first words: {2 * pairs.Average(static p => p.Flush):0.0} ms",
                "≤ 5 ms"),
            new Row($"CPU of the server over a turn of {Calls} tool calls of Claude Code", $"{skein / agent:0.0 %}", $"{agent / Turns:0.00} s of its own", "≤ 3 %"),
        ];
    }

    private static NewSession ClaudeSession(PublishedProgram program) => new(program.Workspace, "claude", ClaudeModel, PermissionMode.Auto);

    private static Dictionary<string, string> Variables(PublishedProgram program, ModelServer model)
    {
        var bin = Directory.CreateDirectory(Path.Combine(program.Own, "bin")).FullName;
        File.CreateSymbolicLink(Path.Combine(bin, "claude"), Claude());
        return new Dictionary<string, string>
        {
            ["HOME"] = program.Own,
            ["PATH"] = bin + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH"),
            ["ANTHROPIC_BASE_URL"] = model.Address,
            ["ANTHROPIC_API_KEY"] = "sk-loopback",
            ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
            ["DISABLE_AUTOUPDATER"] = "1",
        };
    }

    private static string Claude()
    {
        var program = Path.GetFullPath(Path.Combine(PublishedProgram.Artifacts, "npm", "node_modules", "@anthropic-ai", "claude-code-linux-x64", "claude"));
        return File.Exists(program) ? program : throw new FileNotFoundException($"Install it first: eng/npm.sh ({program} is missing).");
    }

    // As Skein starts it.
    private static Process StartDirect(string folder, Dictionary<string, string> variables)
    {
        string[] arguments =
        [
            "-p", "--output-format", "stream-json", "--input-format", "stream-json", "--verbose", "--include-partial-messages", "--replay-user-messages",
            "--permission-prompt-tool", "stdio", "--disallowedTools", "AskUserQuestion", "--permission-mode", "default", "--model", ClaudeModel,
        ];
        var start = new ProcessStartInfo(Claude(), arguments) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static async Task<FirstTokens> FirstTokensAsync(Attached driven, Process direct, BareFile bare, CancellationToken cancellationToken)
    {
        List<double> through = [], alone = [], flushes = [];
        for (var round = -WarmingRounds; round < Rounds; round++)
        {
            var withSkein = await FirstTokenAsync(driven);
            var without = await FirstTokenAsync(direct, cancellationToken);
            var flushing = Stopwatch.StartNew();
            bare.Append(new byte[PromptBytes]);
            var flush = flushing.Elapsed.TotalMilliseconds;
            if (round < 0)
                continue;
            through.Add(withSkein);
            alone.Add(without);
            flushes.Add(flush);
        }

        return new FirstTokens(Median.Of(through), Median.Of(alone), Median.Of(flushes));
    }

    private static async Task<double> FirstTokenAsync(Attached driven)
    {
        var watch = Stopwatch.StartNew();
        var first = 0.0;
        await driven.TurnAsync("Honk?", frame =>
        {
            if (first == 0 && frame is DeltaFrame or EventFrame { Event.Body: PartAdded })
                first = watch.Elapsed.TotalMilliseconds;
        });
        return first;
    }

    private static async Task<double> FirstTokenAsync(Process claude, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        await claude.StandardInput.WriteLineAsync("""{"type":"user","message":{"role":"user","content":[{"type":"text","text":"Honk?"}]}}""");
        await claude.StandardInput.FlushAsync(cancellationToken);
        var first = 0.0;
        while (await claude.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (first == 0 && line.Contains("\"text_delta\"", StringComparison.Ordinal))
                first = watch.Elapsed.TotalMilliseconds;
            if (JsonElement.Parse(line).GetProperty("type").GetString() == "result")
                return first;
        }

        throw new InvalidOperationException("Claude Code ended.");
    }

    private static async Task<(double Skein, double Agent)> CpuAsync(PublishedProgram program, SkeinClient client, ModelServer model, CancellationToken cancellationToken)
    {
        await using var driven = await Attached.CreateAsync(client, ClaudeSession(program), cancellationToken);
        await driven.TurnAsync("Honk?");
        var claude = program.ServerChildren().First(c => c.Name == "claude").Pid;
        var before = (Skein: 0.0, Agent: 0.0);
        for (var turn = -WarmingTurns; turn < Turns; turn++)
        {
            // What the runtime compiles is compiled once in a server's life.
            if (turn == 0)
                before = (program.ServerCpu(), PublishedProgram.CpuWithChildren(claude));
            for (var call = 0; call < Calls; call++)
            {
                var input = JsonSerializer.Serialize(new { command = string.Create(CultureInfo.InvariantCulture, $"mkdir -p d{call}"), description = "Makes a folder" });
                model.Enqueue(new StreamedAnswer(new Said("Step."), new Called($"call_{turn}_{call}", "Bash", input)));
            }

            model.Enqueue(new StreamedAnswer(new Said("Done.")));
            await driven.TurnAsync("Go.");
        }

        return (program.ServerCpu() - before.Skein, PublishedProgram.CpuWithChildren(claude) - before.Agent);
    }

    private static async Task<Row> IdleAsync(CancellationToken cancellationToken)
    {
        await using var program = new PublishedProgram();
        var standIn = Path.Combine(program.Own, "stand-in");
        await File.WriteAllTextAsync(standIn, StandIn, cancellationToken);
        await using var client = await program.ServeAsync(cancellationToken);
        await TurnAsync(0);
        var before = program.ServerMemory();

        for (var number = 1; number <= Idle; number++)
            await TurnAsync(number);

        return new Row($"memory of the server for each of {Idle} idle driven sessions", $"{(program.ServerMemory() - before) / Idle:0.00} MiB", "", "≤ 1 MB");

        async Task TurnAsync(int number)
        {
            await using var attached = await Attached.CreateAsync(client, new NewSession(program.Workspace, $"acp:sh {standIn}"), cancellationToken);
            await attached.TurnAsync(string.Create(CultureInfo.InvariantCulture, $"Rest, {number}."));
        }
    }

    /// <summary>Of one process that is driven and one that is not: medians, in milliseconds.</summary>
    private readonly record struct FirstTokens(double Driven, double Alone, double Flush);
}
