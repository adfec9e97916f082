using System.Diagnostics;

[assembly: AssemblyFixture(typeof(Skein.EndToEnd.PublishedProgram))]

namespace Skein.EndToEnd;

/// <summary>
/// The program, published for the runtime once for all tests, and not again where nothing has changed since. <c>SKEIN_TEST_PROGRAM</c> names
/// another, as the native one that users get, which is made in minutes.
/// </summary>
public sealed class PublishedProgram : IAsyncLifetime
{
    private static readonly string[] s_inputs = ["*.cs", "*.csproj", "*.props", "*.targets", "*.md", "*.txt", "global.json"];

    public static string Repository { get; } = FindRepository();

    private static string Folder { get; } = System.IO.Path.Combine(Repository, "artifacts", "skein-tested");

    private static string? Other { get; } = Environment.GetEnvironmentVariable("SKEIN_TEST_PROGRAM");

    public static string Path { get; } = Other ?? System.IO.Path.Combine(Folder, OperatingSystem.IsWindows() ? "skein.exe" : "skein");

    public async ValueTask InitializeAsync()
    {
        if (Other is not null || IsFresh())
            return;

        using var publish = Process.Start(new ProcessStartInfo("dotnet", ["publish", "src/Skein.Cli", "-c", "Release", "-o", Folder, "-v", "quiet", "-nologo"])
        {
            WorkingDirectory = Repository,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = publish.StandardOutput.ReadToEndAsync();
        var errors = publish.StandardError.ReadToEndAsync();
        await publish.WaitForExitAsync();
        if (publish.ExitCode != 0)
            throw new InvalidOperationException($"dotnet publish failed ({publish.ExitCode}):\n{await output}\n{await errors}");

        // An incremental publish leaves files alone that did not change; that all of it is new is told by a file of its own.
        await File.WriteAllTextAsync(Stamp, "");
    }

    public ValueTask DisposeAsync() => default;

    private static string Stamp => System.IO.Path.Combine(Folder, ".published");

    private static bool IsFresh()
    {
        if (!File.Exists(Path) || !File.Exists(Stamp))
            return false;

        var published = File.GetLastWriteTimeUtc(Stamp);
        var sources = s_inputs.SelectMany(pattern => Directory.EnumerateFiles(System.IO.Path.Combine(Repository, "src"), pattern, SearchOption.AllDirectories))
            .Concat(s_inputs.SelectMany(pattern => Directory.EnumerateFiles(Repository, pattern)));
        return sources.All(file => File.GetLastWriteTimeUtc(file) < published);
    }

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(folder, "Skein.slnx")))
            folder = System.IO.Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests are not in the repository.");
        return folder;
    }
}
