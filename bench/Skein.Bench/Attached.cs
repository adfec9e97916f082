using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Bench;

/// <summary>Somebody who is attached to a session: he follows it all the while, as a terminal does, and prompts beside that.</summary>
internal sealed class Attached(SkeinClient client, Session session, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<FeedFrame> _feed = client.FollowAsync(session.Id, session.Seq, cancellationToken).GetAsyncEnumerator(cancellationToken);

    public SessionId Session => session.Id;

    public static async Task<Attached> CreateAsync(SkeinClient client, NewSession options, CancellationToken cancellationToken) =>
        new(client, (await client.CreateAsync(options, cancellationToken)).Session, cancellationToken);

    /// <summary>A turn, to its end; a call that failed would make the figure worthless.</summary>
    /// <param name="look">What comes of it, as it comes.</param>
    public async Task TurnAsync(string prompt, Action<FeedFrame>? look = null)
    {
        await client.PromptAsync(session.Id, new PromptRequest(prompt), cancellationToken);
        do
        {
            if (!await _feed.MoveNextAsync())
                throw new InvalidOperationException("The stream ended.");
            look?.Invoke(_feed.Current);
        }
        while (!Ended(_feed.Current));
    }

    /// <summary>Leaves. The agent stays as it is.</summary>
    public ValueTask DisposeAsync() => _feed.DisposeAsync();

    private static bool Ended(FeedFrame frame) => (frame as EventFrame)?.Event.Body switch
    {
        TurnFailed failed => throw new InvalidOperationException(failed.Message),
        ToolFinished { IsError: true } => throw new InvalidOperationException("A tool failed."),
        TurnCompleted => true,
        _ => false,
    };
}
