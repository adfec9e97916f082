using System.Diagnostics;
using System.Globalization;
using Skein.Agent.Checkpoints;
using Skein.Core;

namespace Skein.Bench;

/// <summary>What a snapshot of a large tree costs, beside <c>git status</c> on it.</summary>
internal static class CheckpointBench
{
    private const int Folders = 500;
    private const int FilesEach = 100;
    private const int Rounds = 15;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        var place = Directory.CreateTempSubdirectory("skein-bench-").FullName;
        try
        {
            var tree = Path.Combine(place, "tree");
            for (var folder = 0; folder < Folders; folder++)
            {
                var path = Directory.CreateDirectory(Path.Combine(tree, Number(folder % 20), Number(folder))).FullName;
                for (var file = 0; file < FilesEach; file++)
                    await File.WriteAllTextAsync(Path.Combine(path, Number(file)), $"file {file} of {folder}\n{new string('x', file * 20)}\n", cancellationToken);
            }

            Git(tree, "init", "-q");

            // After a commit of so many files git packs them beside all that is measured here.
            Git(tree, "config", "gc.auto", "0");
            await Backlog.WriteAsync(cancellationToken);
            var add = Stopwatch.StartNew();
            Git(tree, "add", "-A");
            var added = add.Elapsed.TotalSeconds;
            Git(tree, "-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "-qm", "all");
            using var files = new FileCheckpoints(Path.Combine(place, "home"), [], Environment.GetEnvironmentVariable, static (_, _) => ValueTask.FromResult(true));
            var session = new IdSource(TimeProvider.System).Next<SessionId>();
            await Backlog.WriteAsync(cancellationToken);
            var first = Stopwatch.StartNew();
            await files.TakeAsync(session, tree, cancellationToken);
            var begun = first.Elapsed.TotalSeconds;

            var none = await CompareAsync(tree, files, session, static _ => { }, cancellationToken);
            var one = await CompareAsync(tree, files, session, round => File.AppendAllText(Path.Combine(tree, "7", "7", Number(round)), "changed\n"), cancellationToken);
            return
            [
                new Row("a snapshot of 50,000 files, one of them changed", Ms(one.Snapshot), $"`git status`: {Ms(one.Status)}: {Ratio(one)} ×", "≤ 1.5 ×"),
                new Row("the same, none changed", Ms(none.Snapshot), $"`git status`: {Ms(none.Status)}: {Ratio(none)} ×", "≤ 1.1 ×"),
                new Row(
                    "the first one of them, which reads and keeps all files", string.Create(CultureInfo.InvariantCulture, $"{begun:0.0} s"),
                    string.Create(CultureInfo.InvariantCulture, $"`git add -A` of them: {added:0.0} s: {begun / added:0.00} ×"), "≤ 1.2 ×"),
            ];
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }

    // In turns, so that both meet the machine as it is.
    private static async Task<(double Snapshot, double Status)> CompareAsync(
        string tree, FileCheckpoints files, SessionId session, Action<int> change, CancellationToken cancellationToken)
    {
        var (snapshots, statuses) = (new List<double>(), new List<double>());
        for (var round = 0; round <= Rounds; round++)
        {
            change(round);
            var status = Stopwatch.StartNew();
            Git(tree, "status", "--porcelain");
            var statusTook = status.Elapsed.TotalMilliseconds;
            var snapshot = Stopwatch.StartNew();
            await files.TakeAsync(session, tree, cancellationToken);

            // The first of each warms up.
            if (round == 0)
                continue;
            statuses.Add(statusTook);
            snapshots.Add(snapshot.Elapsed.TotalMilliseconds);
        }

        return (Median.Of(snapshots), Median.Of(statuses));
    }

    private static void Git(string folder, params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        if (git.ExitCode != 0)
            throw new InvalidOperationException($"git {string.Join(' ', arguments)}: exit code {git.ExitCode}");
    }

    private static string Ratio((double Snapshot, double Status) both) => (both.Snapshot / both.Status).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Ms(double milliseconds) => milliseconds.ToString("0", CultureInfo.InvariantCulture) + " ms";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
