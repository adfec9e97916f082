using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Events;
using Skein.Sandbox;
using Skein.Sandbox.Confining;
using Skein.Testing;

namespace Skein.Bench;

/// <summary>What the built-in agent's tools cost: a sandbox over none, grep and glob beside ripgrep, the end of a large file beside that of a small one.</summary>
internal static class HandsBench
{
    private const int Folders = 800;
    private const int FilesOfFolder = 25;
    private const int Rounds = 15;

    // For both alike: the runtime still compiles what searches, the published program was compiled before.
    private const int RoundsToWarm = 12;
    private const int Commands = 40;
    private const long Large = 1L << 30;
    private const long Small = 1L << 20;

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellationToken)
    {
        var root = RealPath.Of(Directory.CreateTempSubdirectory("skein-bench-").FullName);
        try
        {
            var workspace = Directory.CreateDirectory(Path.Combine(root, "work")).FullName;
            var bytes = FillTree(workspace);
            await Backlog.WriteAsync(cancellationToken);
            return
            [
                await SandboxAsync(workspace, Path.Combine(root, "home"), cancellationToken),
                await SearchAsync($"grep of {Folders * FilesOfFolder:N0} files, {bytes / 1_000_000} MB, for a text in a few of them", "grep", new() { ["pattern"] = "Zugunruhe" }, ["-n", "Zugunruhe"], workspace, cancellationToken),
                await SearchAsync("the same without regard to case", "grep", new() { ["pattern"] = "zugunruhe", ["ignore_case"] = true }, ["-n", "-i", "zugunruhe"], workspace, cancellationToken),
                await SearchAsync("for a regular expression with a text in it", "grep", new() { ["pattern"] = @"return\s+Zug\w+\(" }, ["-n", @"return\s+Zug\w+\("], workspace, cancellationToken),
                await SearchAsync("for one without", "grep", new() { ["pattern"] = @"[A-Z]{7}\d{3}" }, ["-n", @"[A-Z]{7}\d{3}"], workspace, cancellationToken),
                await SearchAsync("glob of one name in them", "glob", new() { ["pattern"] = "**/file7.md" }, ["--files", "-g", "file7.md"], workspace, cancellationToken),
                await TailAsync(root, cancellationToken),
            ];
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<Row> SandboxAsync(string workspace, string home, CancellationToken cancellationToken)
    {
        var (bubblewrap, missing) = await Bubblewrap.FindAsync(s_environment, TimeProvider.System, cancellationToken);
        var confinement = Confinement.In(bubblewrap ?? throw new InvalidOperationException($"There is no sandbox: {missing}."), new SandboxPolicy(workspace, home));
        var confined = Tools(s_settings with { Confine = (_, _) => ValueTask.FromResult(confinement) })["bash"];
        var bare = Tools(s_settings)["bash"];
        List<(double Confined, double Bare)> times = [];
        for (var i = 0; i < Commands; i++)
        {
            times.Add((
                await TimeAsync(confined, new() { ["command"] = "true" }, workspace, cancellationToken),
                await TimeAsync(bare, new() { ["command"] = "true" }, workspace, cancellationToken)));
        }

        var (ours, theirs) = (Median.Of(times.Select(static t => t.Confined)), Median.Of(times.Select(static t => t.Bare)));
        return new Row("`true` by the tool bash, in a sandbox", Milliseconds(ours), $"{Milliseconds(theirs)} without: {Milliseconds(ours - theirs)} more", "≤ 15 ms more");
    }

    // Ours and theirs in turns, so that both have the machine as it is at that moment.
    private static async Task<Row> SearchAsync(
        string what, string tool, Dictionary<string, object> arguments, string[] ripgrep, string workspace, CancellationToken cancellationToken)
    {
        var ours = Tools(s_settings)[tool];
        List<(double Ours, double Theirs)> times = [];
        for (var i = 0; i < RoundsToWarm + Rounds; i++)
            times.Add((await TimeAsync(ours, arguments, workspace, cancellationToken), Ripgrep(ripgrep, workspace)));

        var (we, they) = (Median.Of(times.Skip(RoundsToWarm).Select(static t => t.Ours)), Median.Of(times.Skip(RoundsToWarm).Select(static t => t.Theirs)));
        return new Row(what, Milliseconds(we), string.Create(CultureInfo.InvariantCulture, $"`rg --hidden`: {Milliseconds(they)}: {we / they:0.00} ×"), "≤ 1 ×");
    }

    private static async Task<Row> TailAsync(string root, CancellationToken cancellationToken)
    {
        var read = Tools(s_settings)["read"];
        foreach (var (name, size) in new[] { ("small.log", Small), ("large.log", Large) })
            WriteLog(Path.Combine(root, name), size);

        List<(double Small, double Large)> times = [];
        for (var i = 0; i < Commands; i++)
        {
            times.Add((
                await TimeAsync(read, new() { ["path"] = "small.log", ["offset"] = -100 }, root, cancellationToken),
                await TimeAsync(read, new() { ["path"] = "large.log", ["offset"] = -100 }, root, cancellationToken)));
        }

        var (small, large) = (Median.Of(times.Select(static t => t.Small)), Median.Of(times.Select(static t => t.Large)));
        return new Row(
            "the last 100 lines of a log of 1 GiB by the tool read", Milliseconds(large),
            string.Create(CultureInfo.InvariantCulture, $"{Milliseconds(small)} of one of 1 MiB: {large / small:0.00} ×"), "≤ 1.2 ×");
    }

    private static async Task<double> TimeAsync(ITool tool, Dictionary<string, object> arguments, string workspace, CancellationToken cancellationToken)
    {
        await using var bench = new Workbench();
        var context = new ToolContext(workspace, s_turn) { Bench = bench };
        var json = JsonSerializer.SerializeToElement(arguments);
        var watch = Stopwatch.StartNew();
        await tool.RunAsync(json, context, cancellationToken);
        return watch.Elapsed.TotalMilliseconds;
    }

    private static double Ripgrep(string[] arguments, string workspace)
    {
        var watch = Stopwatch.StartNew();
        using var rg = Process.Start(new ProcessStartInfo("rg", ["--no-config", "--hidden", .. arguments, "."]) { WorkingDirectory = workspace, RedirectStandardOutput = true })!;
        rg.StandardOutput.ReadToEnd();
        rg.WaitForExit();
        return rg.ExitCode <= 1 ? watch.Elapsed.TotalMilliseconds : throw new InvalidOperationException($"rg ended with {rg.ExitCode}.");
    }

    /// <summary>What looks like a project of some size: nested folders with rules of their own, code, and what is left out.</summary>
    private static long FillTree(string workspace)
    {
        var random = new Random(1);
        var bytes = 0L;
        Directory.CreateDirectory(Path.Combine(workspace, ".git"));
        File.WriteAllText(Path.Combine(workspace, ".gitignore"), "bin/\nobj/\n*.o\n*.log\n!keep.log\nnode_modules/\n/dist\n");
        for (var folder = 0; folder < Folders; folder++)
        {
            var path = Directory.CreateDirectory(Path.Combine(workspace, $"part{folder % 20}", $"area{folder % 100}", $"folder{folder}")).FullName;
            if (folder % 50 == 0)
                File.WriteAllText(Path.Combine(path, ".gitignore"), "generated*\n**/cache/*.tmp\n");
            for (var file = 0; file < FilesOfFolder; file++)
            {
                var text = Code(random, random.Next(20, 300), isRare: folder % 100 == 3 && file == 4);
                bytes += text.Length;
                File.WriteAllText(Path.Combine(path, $"file{file}.{(file % 5 == 2 ? "md" : "cs")}"), text);
            }

            Directory.CreateDirectory(Path.Combine(path, "bin"));
            File.WriteAllText(Path.Combine(path, "bin", "left-out.cs"), "Zugunruhe\n");
        }

        return bytes;
    }

    private static string Code(Random random, int lines, bool isRare)
    {
        var text = new StringBuilder();
        for (var i = 0; i < lines; i++)
            text.Append(CultureInfo.InvariantCulture, $"        if (value{random.Next(100)} == \"{random.Next():x}\") return Items[{i}].Where(x => x.Name != null);\n");
        return isRare ? text.Append("        return Zugunruhe(1);\n").ToString() : text.ToString();
    }

    // Only its ends are on the disk: what lies between is never read, or the row tells.
    private static void WriteLog(string path, long size)
    {
        using var file = File.Create(path);
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 2000).Select(static i => $"2026-11-28T12:00:00Z info line {i} of what happened\n")));
        file.Write(lines);
        file.SetLength(size - lines.Length);
        file.Seek(0, SeekOrigin.End);
        file.Write(lines);
    }

    private static Dictionary<string, ITool> Tools(ToolSettings settings) => BuiltInTools.All(settings).ToDictionary(static tool => tool.Name);

    private static readonly Dictionary<string, string> s_environment = new() { ["PATH"] = "/usr/bin:/bin" };
    private static readonly ToolSettings s_settings = new(s_environment, TimeProvider.System);

    private static readonly FakeTurn s_turn = new(
        new Session(
            new IdSource(TimeProvider.System).Next<SessionId>(), 1, SessionStatus.Running, "", TitleSource.Prompt, "/", "skein", null, PermissionMode.Auto, null,
            DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 1, new Usage(), 0),
        []);

    private static string Milliseconds(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.0} ms");
}
