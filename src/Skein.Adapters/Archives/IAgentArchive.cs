using Skein.Core;

namespace Skein.Adapters.Archives;

/// <summary>The sessions that an agent keeps by itself, whoever began them. Looking at them changes nothing of them.</summary>
public interface IAgentArchive
{
    /// <summary>All that can be listed, in no order.</summary>
    /// <param name="folder">Where the caller is; agents that list the sessions of one folder alone list those of this one.</param>
    /// <exception cref="ArchiveException">They cannot be looked at.</exception>
    Task<IReadOnlyList<FoundSession>> ListAsync(string folder, CancellationToken cancellationToken);

    /// <summary>All that was said in one of them.</summary>
    /// <param name="found">One of <see cref="ListAsync"/>.</param>
    /// <exception cref="ArchiveException">It cannot be read.</exception>
    Task<FoundTranscript> ReadAsync(FoundSession found, CancellationToken cancellationToken);
}

/// <param name="Id">The agent's own id of it.</param>
/// <param name="Workspace">Its folder; null: not told.</param>
/// <param name="Title">Its title, or how it begins; null: neither.</param>
/// <param name="UpdatedAt">When it last changed, UTC; null: not told.</param>
/// <param name="Place">Where its archive has it.</param>
public sealed record FoundSession(string Id, string? Workspace, string? Title, DateTimeOffset? UpdatedAt, string Place);

/// <param name="Model">The model it used last, in the agent's own words; null: not told.</param>
/// <param name="Messages">With ids, times and turns; a call without a result is answered with an error that says so.</param>
/// <param name="Problems">What could not be read, one line each, with its place.</param>
public sealed record FoundTranscript(string? Model, IReadOnlyList<Message> Messages, IReadOnlyList<string> Problems);

/// <summary>Sessions of an agent cannot be looked at.</summary>
/// <param name="message">One line for people.</param>
public sealed class ArchiveException(string message) : SkeinException("agent_sessions", message);
