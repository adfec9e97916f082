using System.Text.Json;
using Skein.Core.Agents;

namespace Skein.Agent.Tools;

/// <summary>Something the model can have done. A hook, a check or a trace around a tool is another tool. Safe for use by many threads.</summary>
public interface ITool
{
    /// <summary>Lower-case, unique among the tools of a turn.</summary>
    string Name { get; }

    /// <summary>Markdown for the model: what it does, when to use it, its limits.</summary>
    string Description { get; }

    /// <summary>The JSON Schema of the arguments: an object.</summary>
    JsonElement Parameters { get; }

    /// <summary>What a call would do, told before it is done. Looks, but changes nothing.</summary>
    /// <exception cref="ToolInputException">The arguments break a rule; the model reads the message.</exception>
    ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken);

    /// <summary>Does it.</summary>
    /// <exception cref="ToolInputException">It cannot be done; the model reads the message.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; whatever it started has been killed.</exception>
    Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken);
}

/// <summary>Where a call is carried out.</summary>
/// <param name="Workspace">The session's folder: absolute, without links.</param>
/// <param name="Turn">The turn it belongs to.</param>
public sealed record ToolContext(string Workspace, ITurn Turn)
{
    /// <summary>What the session's tools keep between calls; by itself one that nothing else knows.</summary>
    public Workbench Bench { get; init; } = new();

    /// <summary>Names the call that is carried out, in all sessions and also after a restart; null: it has no name.</summary>
    public string? Call { get; init; }

    /// <summary>What was judged of the call that is carried out, as in <see cref="ToolIntent.Subject"/>; null: it was not judged yet.</summary>
    public string? Judged { get; init; }

    /// <summary>What the turn may still spend; null: nobody counts.</summary>
    internal TurnBudget? Budget { get; init; }
}

/// <summary>How far a call reaches; the order is the order of severity.</summary>
public enum ToolEffect
{
    /// <summary>Only reads inside the workspace; such calls of one step run side by side.</summary>
    Read,

    /// <summary>Asks a host on the network, which learns what it is asked.</summary>
    Fetch,

    /// <summary>Changes files.</summary>
    Edit,

    /// <summary>Runs a command.</summary>
    Execute,
}

/// <summary>What a call would do.</summary>
/// <param name="Subject">What permission rules match: the path relative to the workspace (absolute when outside it), the command, or the host.</param>
/// <param name="Title">For people, for example <c>edit src/a.cs</c>; the loop makes one line of it, and takes secrets out first.</param>
/// <param name="Detail">What helps to decide: the diff or the whole command.</param>
/// <param name="Outside">It reaches outside the workspace, or there should be a sandbox that keeps it from that and is none.</param>
/// <param name="Named">The path as it was named, relative to the workspace, where links lead from it: others find the file by that name too.</param>
/// <param name="AskFirst">Somebody is to be asked, whatever the rules allow.</param>
/// <param name="Delegates">Another agent does the work, which may change files whatever the effect of asking it is.</param>
public sealed record ToolIntent(
    ToolEffect Effect, string Subject, string Title, string? Detail = null, bool Outside = false, string? Named = null, bool AskFirst = false, bool Delegates = false)
{
    /// <summary>It is known to change no file.</summary>
    public bool Reads => Effect is ToolEffect.Read or ToolEffect.Fetch && !Delegates;
}

/// <summary>What a call answered.</summary>
/// <param name="Text">For the model; the loop bounds it and keeps the whole as a blob.</param>
/// <param name="Whole">All of the output where it is too big for memory; the loop reads and disposes it. Null: <paramref name="Text"/> is all.</param>
/// <param name="Metadata">For programs: exit code, counts …; an object.</param>
public sealed record ToolOutput(string Text, bool IsError = false, Stream? Whole = null, JsonElement? Metadata = null)
{
    /// <summary>A picture that the model is shown, where it takes any.</summary>
    public OutputImage? Image { get; init; }
}

/// <param name="Content">All of it, small enough for a model.</param>
public sealed record OutputImage(string Name, string MediaType, ReadOnlyMemory<byte> Content);

/// <summary>The model asked for something that cannot be done; the message tells it what to do instead.</summary>
public sealed class ToolInputException(string message) : Exception(message);
