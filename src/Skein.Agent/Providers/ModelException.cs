using Skein.Core.Events;

namespace Skein.Agent.Providers;

/// <summary>A call of a model failed. Thrown by our chat clients, whatever the provider; the loop turns it into an output.</summary>
/// <param name="message">One line for people, without secrets.</param>
internal sealed class ModelException(FailureKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    public FailureKind Kind { get; } = kind;

    /// <summary>The same call may succeed a little later.</summary>
    public bool Transient { get; init; }

    /// <summary>How long the provider asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Finds our exception below those that a package wrapped around it.</summary>
    public static ModelException? In(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
            if (e is ModelException found)
                return found;
        return null;
    }
}
