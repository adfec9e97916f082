using System.Diagnostics;
using System.Globalization;
using Skein.Testing;

namespace Skein.Bench;

/// <summary>An agent at its task, from the start of its command to its end.</summary>
/// <param name="call">The n-th call of a tool, in the agent's words.</param>
/// <param name="server">A process that does its work, and counts; null: none does.</param>
/// <param name="warming">Turns that are not counted before those that are.</param>
internal sealed class Contender(
    string name, string program, string[] arguments, string folder, IReadOnlyDictionary<string, string> variables, Func<int, Called> call, int? server = null, int warming = 1)
{
    // Of the clock that /proc counts in.
    private const double TicksPerSecond = 100;

    private readonly List<double> _wall = [];
    private readonly List<double> _cpu = [];
    private readonly List<double> _peak = [];

    public string Name => name;

    public int Warming => warming;

    /// <summary>Why there are no figures; null: there are.</summary>
    public string? Problem { get; private set; } = File.Exists(program) ? null : "not installed (bash eng/npm.sh; bash eng/npm.sh bench/npm)";

    public double Wall => Median.Of(_wall);

    public double Cpu => Median.Of(_cpu);

    public double Peak => Median.Of(_peak);

    public async Task RunAsync(ModelServer model, int calls, bool keep, CancellationToken cancellationToken)
    {
        model.Clear();
        var made = 0;
        // By what was asked: agents ask for titles too, and answer in their own order.
        model.Otherwise = request => request.Body.TryGetProperty("tools", out _) && made < calls
            ? new StreamedAnswer(new Said("Step."), call(Interlocked.Increment(ref made)))
            : new StreamedAnswer(new Said("Done."));
        var start = new ProcessStartInfo("/bin/bash", ["-c", "\"$@\" > /dev/null 2> \"$0\"; code=$?; times; exit $code", Path.Combine(folder, ".errors"), program, .. arguments])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardInput = true,
        };
        foreach (var (variable, value) in variables)
            start.Environment[variable] = value;

        var before = server is { } pid ? Ticks(pid) : 0;
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var peak = PeakAsync(process, cancellationToken);
        var times = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        watch.Stop();
        var most = await peak;
        if (process.ExitCode != 0 || made < calls)
        {
            Problem = $"ended with {process.ExitCode} after {made} of {calls} calls: {Line(await File.ReadAllTextAsync(Path.Combine(folder, ".errors"), cancellationToken))}";
            return;
        }

        if (!keep)
            return;
        _wall.Add(watch.Elapsed.TotalSeconds);
        _cpu.Add(OfChildren(times) + (server is { } own ? (Ticks(own) - before) / TicksPerSecond : 0));
        _peak.Add(most / 1024.0);
    }

    // What bash's times says of its children: 0m0.412s 0m0.093s, the second line.
    private static double OfChildren(string times) =>
        times.Trim().Split('\n')[1].Split(' ').Sum(static t => t.TrimEnd('s').Split('m') is [var minutes, var seconds]
            ? double.Parse(minutes, CultureInfo.InvariantCulture) * 60 + double.Parse(seconds, CultureInfo.InvariantCulture) : 0);

    // Kilobytes of all that it started, and of its server, at their most. A page that several of them have counts once.
    private async Task<long> PeakAsync(Process process, CancellationToken cancellationToken)
    {
        long most = 0;
        while (!process.HasExited)
        {
            var parents = Directory.GetDirectories("/proc").Select(static d => int.TryParse(Path.GetFileName(d), out var pid) ? pid : 0).Where(static p => p > 0)
                .Select(static p => (Pid: p, Parent: Parent(p))).ToLookup(static p => p.Parent, static p => p.Pid);
            var all = new List<int>([process.Id]);
            for (var i = 0; i < all.Count; i++)
                all.AddRange(parents[all[i]]);
            most = Math.Max(most, all.Skip(1).Append(server ?? 0).Sum(Proportional));
            await Task.Delay(10, cancellationToken);
        }

        return most;
    }

    private static int Parent(int pid) => Fields(pid) is { Length: > 1 } fields ? int.Parse(fields[1], CultureInfo.InvariantCulture) : 0;

    private static long Ticks(int pid) =>
        Fields(pid) is { Length: > 14 } fields ? fields[11..15].Sum(static f => long.Parse(f, CultureInfo.InvariantCulture)) : 0;

    // The fields behind the name in brackets, which may hold anything.
    private static string[] Fields(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static long Proportional(int pid)
    {
        try
        {
            return File.ReadLines($"/proc/{pid}/smaps_rollup").FirstOrDefault(static l => l.StartsWith("Pss:", StringComparison.Ordinal)) is { } line
                ? long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1].Trim(), CultureInfo.InvariantCulture) : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return 0;
        }
    }

    private static string Line(string text) => string.Join(' ', text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries)) is var line && line.Length > 200 ? line[..200] : line;
}
