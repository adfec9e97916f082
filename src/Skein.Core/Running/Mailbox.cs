using System.Threading.Channels;

namespace Skein.Core.Running;

/// <summary>
/// An actor's mailbox: work is done one at a time, in the order it came. Bounded, so that callers wait when the disk is slow, rather than
/// filling the memory.
/// </summary>
internal sealed class Mailbox : IAsyncDisposable
{
    private readonly Channel<Func<Task>> _work = Channel.CreateBounded<Func<Task>>(new BoundedChannelOptions(256) { SingleReader = true });
    private readonly Task _loop;

    public Mailbox() => _loop = Task.Run(RunAsync);

    /// <summary>Does the work in its turn. Once it is accepted the token no longer applies.</summary>
    /// <exception cref="ChannelClosedException">The mailbox takes no more work; this piece was not done.</exception>
    public async Task<T> DoAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _work.Writer.WriteAsync(
            async () =>
            {
                try
                {
                    done.SetResult(await work());
                }
                catch (Exception e)
                {
                    // The caller's to see; the next piece of work is not concerned.
                    done.SetException(e);
                }
            },
            cancellationToken);
        return await done.Task;
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
    public void Close() => _work.Writer.TryComplete();

    public async ValueTask DisposeAsync()
    {
        Close();
        await _loop;
    }

    private async Task RunAsync()
    {
        await foreach (var piece in _work.Reader.ReadAllAsync())
            await piece();
    }
}
