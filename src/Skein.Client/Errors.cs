using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Client;

/// <summary>The server refused, for a reason that has no exception of its own in Skein.Core.</summary>
public sealed class ProblemException(Problem problem) : SkeinException(problem.Code, problem.Detail ?? problem.Title)
{
    public Problem Problem { get; } = problem;

    /// <summary>The HTTP status.</summary>
    public int Status => Problem.Status;
}

/// <summary>There is no server at the address, or it went away and did not come back in time.</summary>
/// <param name="address">The socket's path or the URL.</param>
public sealed class ServerUnreachableException(string address, string why, Exception? inner = null)
    : SkeinException("server_unreachable", $"No server answers at {address}: {why}", inner)
{
    public string Address { get; } = address;
}
