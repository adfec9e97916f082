using Skein.Cli.Commands;
using Skein.Client;
using Skein.Core;
using Skein.Sandbox;

namespace Skein.Cli.Mcp;

/// <summary>What another agent may do with sessions.</summary>
internal enum Allowance
{
    /// <summary>List, search and read.</summary>
    Read,
    Fork,
    Prompt,
}

/// <summary>The sessions that another agent may see, and the server that has them, which is found or started when it is first needed.</summary>
/// <param name="workspace">The only folder whose sessions it may see; null: all.</param>
/// <param name="folder">The folder that it works in.</param>
internal sealed class SessionScope(string? workspace, string folder, Func<CancellationToken, Task<SkeinClient>> connect) : IAsyncDisposable
{
    private readonly SemaphoreSlim _connecting = new(1);
    private SkeinClient? _client;

    /// <summary>Where a new session works.</summary>
    public string Folder => workspace ?? folder;

    /// <summary>Which sessions a list or a search is about, where it names a folder or none.</summary>
    /// <exception cref="InvalidRequestException">It is no folder's path, or not the only folder that may be seen.</exception>
    public string? FolderOf(string? named)
    {
        if (named is null)
            return workspace;
        if (!Path.IsPathRooted(named))
            throw new InvalidRequestException($"'workspace' must be an absolute path, not '{named}'.");
        var real = RealPath.Of(named);
        return workspace is null || real == workspace ? real : throw new InvalidRequestException($"Only sessions of {workspace} may be seen here, not those of {real}.");
    }

    public async ValueTask<SkeinClient> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_client is { } known)
            return known;
        await _connecting.WaitAsync(cancellationToken);
        try
        {
            return _client ??= await connect(cancellationToken);
        }
        finally
        {
            _connecting.Release();
        }
    }

    /// <summary>The session that is called so, as <see cref="SessionName"/> has it.</summary>
    /// <exception cref="UsageException">It is no name, or one of several sessions.</exception>
    /// <exception cref="SkeinException">There is none, or none that may be seen.</exception>
    public async Task<Session> FindAsync(string name, CancellationToken cancellationToken)
    {
        var client = await ConnectAsync(cancellationToken);
        var session = (await client.GetAsync(await SessionName.ResolveAsync(client, name, Folder, cancellationToken), cancellationToken)).Session;

        // In the words of one that is not there: whether it is elsewhere is not to be told.
        return workspace is null || session.Workspace == workspace ? session : throw new SessionNotFoundException(session.Id);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is { } client)
            await client.DisposeAsync();
        _connecting.Dispose();
    }
}
