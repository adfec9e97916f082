using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers;

/// <summary>
/// What our chat clients have in common. Whatever goes wrong in a stream leaves it as a <see cref="ModelException"/>, but for a
/// cancellation.
/// </summary>
internal abstract class ModelClient : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var sent = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        await using var updates = StreamAsync(sent, options ?? new ChatOptions(), cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await MoveNextAsync(updates, cancellationToken))
            yield return updates.Current;
    }

    public virtual object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    // The clients live as long as the catalog and share its connections.
    public void Dispose() { }

    protected abstract IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken);

    /// <summary>What an exception of the provider's package means.</summary>
    protected abstract ModelException Explain(Exception exception);

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<ChatResponseUpdate> updates, CancellationToken cancellationToken)
    {
        try
        {
            return await updates.MoveNextAsync();
        }
        catch (ModelException)
        {
            throw;
        }
        // The packages throw whatever their parsers throw; a turn must not depend on which.
        catch (Exception e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw ModelException.In(e) ?? Explain(e);
        }
    }
}
