using System.Text.Json;
using Skein.Core;
using Skein.Core.Running;

namespace Skein.Cli.Composition;

/// <summary>
/// Reads the newest messages of the newest session once, after a start: what reads, folds and writes them is only compiled when it is first used,
/// and nobody is to wait for that. In the background; it writes nothing.
/// </summary>
internal sealed class FirstPage : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _reading;

    public FirstPage(Sessions sessions) => _reading = Task.Run(() => ReadAsync(sessions, _ending.Token));

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _reading;
        _ending.Dispose();
    }

    private static async Task ReadAsync(Sessions sessions, CancellationToken cancellationToken)
    {
        try
        {
            var newest = await sessions.ListAsync(new SessionQuery(Limit: 1), cancellationToken);
            foreach (var session in newest.Items)
                await JsonSerializer.SerializeAsync(Stream.Null, await sessions.ListMessagesAsync(session.Id, null, 1, cancellationToken), SkeinJson.Relaxed.MessagePage, cancellationToken);
        }
        catch (Exception e) when (e is SkeinException or OperationCanceledException)
        {
            // The server ends, or the session cannot be read: whoever asks for it is told.
        }
    }
}
