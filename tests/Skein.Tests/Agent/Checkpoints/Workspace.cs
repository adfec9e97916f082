using Skein.Agent.Checkpoints;
using Skein.Core;
using Skein.Core.Files;
using Skein.Testing;

namespace Skein.Tests.Agent.Checkpoints;

/// <summary>A workspace and Skein's home beside it, with real git.</summary>
internal sealed class Workspace : IDisposable
{
    private readonly TempFolder _folder = new();

    public Workspace(string? path = null)
    {
        Requires.Programs("git");
        Directory.CreateDirectory(Path);
        Home = _folder.Below("home");
        Checkpoints = Open(path);
    }

    public string Path => _folder.Below("work");
    public string Home { get; }
    public FileCheckpoints Checkpoints { get; private set; }
    public SessionId Session { get; } = new IdSource(TimeProvider.System).Next<SessionId>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public string Write(string name, string text) => _folder.Write(System.IO.Path.Combine("work", name), text);

    public string Below(params ReadOnlySpan<string> names) => System.IO.Path.Combine([Path, .. names]);

    public Task<string> ShellAsync(string line) => Shell.RunAsync(Path, line);

    /// <summary>As after a new start of the server.</summary>
    public void Reopen()
    {
        Checkpoints.Dispose();
        Checkpoints = Open(null);
    }

    public Task<Snapshot> TakeAsync(string? part = null) => Checkpoints.TakeAsync(Session, part is null ? Path : Below(part), Cancellation);

    public async Task<string> TreeAsync(string? part = null) => (await TakeAsync(part)).Tree;

    public async Task<IReadOnlyList<string>> RestoreAsync(string to, string? part = null) =>
        await Checkpoints.RestoreAsync(Session, part is null ? Path : Below(part), await TreeAsync(part), to, Cancellation);

    public IReadOnlyList<string> Print() => FolderPrint.Of(Path);

    public void Dispose()
    {
        Checkpoints.Dispose();
        _folder.Dispose();
    }

    private FileCheckpoints Open(string? path) => new(
        Home, [Home],
        name => name switch { "PATH" => path ?? Environment.GetEnvironmentVariable(name), "HOME" => _folder.Below("user"), _ => null },
        static (_, _) => ValueTask.FromResult(true));
}
