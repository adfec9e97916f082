using System.Text;
using System.Text.Json;
using Skein.Agent.Tools.Jobs;

namespace Skein.Agent.Tools;

/// <summary>Looks at the background jobs that <c>bash</c> started, and ends them.</summary>
internal sealed class JobTool(ToolSettings settings) : ITool
{
    private const int MostSeconds = 300;

    public string Name => "job";

    public string Description { get; } = ToolTexts.Description("job");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "number": { "type": "integer", "minimum": 1, "description": "Which one; without it all are listed." },
            "wait": { "type": "integer", "minimum": 0, "maximum": 300, "description": "Seconds to wait for its end, if it has not ended. Default: 0." },
            "end": { "type": "boolean", "description": "End it, and all that it started." }
          },
          "additionalProperties": false
        }
        """);

    // It shows and ends what was allowed to be started.
    public ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (number, _, end) = Parse(arguments);
        var title = number is null ? "job list" : $"job {number}{(end ? " end" : "")} $ {context.Bench.Jobs.Get(number.Value).Command}";
        return ValueTask.FromResult(new ToolIntent(ToolEffect.Read, Name, title));
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (number, wait, end) = Parse(arguments);
        if (number is null)
            return new ToolOutput(List(context.Bench.Jobs.All), Metadata: ToolTexts.Metadata(("jobs", context.Bench.Jobs.All.Count)));

        var job = context.Bench.Jobs.Get(number.Value);
        if (end)
            await job.EndAsync();
        else if (wait > TimeSpan.Zero)
            await WaitAsync(job, wait, cancellationToken);

        // Asked first: what it writes until it ends is then in what is taken.
        var state = job.State;
        await using var output = await job.TakeNewAsync(cancellationToken);
        var text = output.Text();
        var said = text.Length == 0 ? "(no new output)\n" : text.EndsWith('\n') ? text : text + "\n";
        var held = ToolTexts.HeldNote(job.Runs ? [] : job.Held, context.Workspace) is { } note ? $"\n{note}" : "";
        return new ToolOutput($"{said}[job {job.Number}: {state}]{held}", Whole: output.TakeWhole(), Metadata: ToolTexts.Metadata(("job", job.Number)));
    }

    private async Task WaitAsync(Job job, TimeSpan wait, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(wait, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await job.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It goes on.
        }
    }

    private static string List(IReadOnlyList<Job> jobs)
    {
        if (jobs.Count == 0)
            return "There are no jobs in this session since its server was started.";

        var text = new StringBuilder();
        foreach (var job in jobs)
            text.Append(null, $"{job.Number}  {job.State}  $ {ToolTexts.OneLine(job.Command, 200)}\n");
        return text.ToString();
    }

    private (int? Number, TimeSpan Wait, bool End) Parse(JsonElement json)
    {
        var arguments = new ToolArguments(Name, json, "number", "wait", "end");
        var number = arguments.Number("number", otherwise: 0, least: 1, most: int.MaxValue);
        return (number == 0 ? null : number, TimeSpan.FromSeconds(arguments.Number("wait", otherwise: 0, least: 0, MostSeconds)), arguments.Flag("end"));
    }
}
