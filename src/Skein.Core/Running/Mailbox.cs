using System.Threading.Channels;

namespace Skein.Core.Running;

/// <summary>
/// An actor's mailbox: work is done one at a time, in the order it came. Work that finds nothing before it is begun by its caller at once: two
/// changes of threads for each piece were a good part of what a turn took. What waits is bounded by who waits for it.
/// </summary>
internal sealed class Mailbox : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isAtWork;
    private bool _isClosed;

    /// <summary>Does the work in its turn. Once it is accepted the token no longer applies.</summary>
    /// <exception cref="ChannelClosedException">The mailbox takes no more work; this piece was not done.</exception>
    public async Task<T> DoAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await EnterAsync();
        try
        {
            return await work();
        }
        finally
        {
            // Before the caller goes on: what he does next is not this mailbox's.
            Leave();
        }
    }

    /// <inheritdoc cref="DoAsync{T}"/>
    public Task DoAsync(Func<Task> work, CancellationToken cancellationToken) =>
        DoAsync(
            async () =>
            {
                await work();
                return true;
            },
            cancellationToken);

    /// <summary>Lets no more work in. What was accepted is still done.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            if (!_isAtWork)
                _ended.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        await _ended.Task;
    }

    private Task EnterAsync()
    {
        lock (_gate)
        {
            if (_isClosed)
                throw new ChannelClosedException();
            if (!_isAtWork)
            {
                _isAtWork = true;
                return Task.CompletedTask;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
            return turn.Task;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (_waiting.TryDequeue(out var next))
                next.SetResult();
            else
            {
                _isAtWork = false;
                if (_isClosed)
                    _ended.TrySetResult();
            }
        }
    }
}
