using System.Text.Json;
using Skein.Core;
using Skein.Core.Running;

namespace Skein.Cli.Composition;

/// <summary>
/// What a server does when it has started, in the background, since nobody is to wait for it: reads the newest messages of the newest session,
/// because what reads, folds and writes them is only made ready when it is first used; and gives back what the start left behind. It writes nothing.
/// </summary>
internal sealed class AfterStart : IAsyncDisposable
{
    private const long MuchMemory = 16 << 20;

    // All threads stand still meanwhile; whoever had the server started has had their first answers by then.
    private static readonly TimeSpan s_givesBackAfter = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _ending = new();
    private readonly Task _work;

    public AfterStart(Sessions sessions, TimeProvider time) => _work = Task.Run(() => WorkAsync(sessions, time, _ending.Token));

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _work;
        _ending.Dispose();
    }

    private static async Task WorkAsync(Sessions sessions, TimeProvider time, CancellationToken cancellationToken)
    {
        // What is there later is in use, and would be taken again at once.
        var leftMuch = GC.GetTotalMemory(forceFullCollection: false) > MuchMemory;
        try
        {
            await ReadFirstPageAsync(sessions, cancellationToken);
            if (!leftMuch)
                return;

            // Reading the keys of very many sessions leaves nearly half as much behind as they need, which would stay until memory is short.
            await Task.Delay(s_givesBackAfter, time, cancellationToken);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    private static async Task ReadFirstPageAsync(Sessions sessions, CancellationToken cancellationToken)
    {
        try
        {
            var newest = await sessions.ListAsync(new SessionQuery(Limit: 1), cancellationToken);
            foreach (var session in newest.Items)
                await JsonSerializer.SerializeAsync(Stream.Null, await sessions.ListMessagesAsync(session.Id, null, 1, cancellationToken), SkeinJson.Relaxed.MessagePage, cancellationToken);
        }
        catch (SkeinException)
        {
            // The session cannot be read: whoever asks for it is told.
        }
    }
}
