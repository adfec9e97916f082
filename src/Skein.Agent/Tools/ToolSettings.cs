using Skein.Sandbox.Confining;

namespace Skein.Agent.Tools;

/// <summary>What the built-in tools need of their surroundings.</summary>
/// <param name="Environment">All that commands see; from <see cref="Skein.Sandbox.ChildEnvironment.ForTools"/>.</param>
public sealed record ToolSettings(IReadOnlyDictionary<string, string> Environment, TimeProvider Time)
{
    /// <summary>Folders that no tool that takes a path reaches, Skein's home above all: absolute.</summary>
    public IReadOnlyList<string> HiddenFolders { get; init; } = [];

    /// <summary>How what runs in a workspace is confined; asked at every call, since settings change.</summary>
    public Func<string, CancellationToken, ValueTask<Confinement>> Confine { get; init; } = static (_, _) => ValueTask.FromResult(Confinement.Off);

    /// <summary>The hosts of <c>fetch.private</c> in the settings of a workspace; asked at every call.</summary>
    public Func<string, CancellationToken, ValueTask<IReadOnlyList<string>>> PrivateHosts { get; init; } = static (_, _) => ValueTask.FromResult<IReadOnlyList<string>>([]);

    /// <summary>
    /// Whether rules are stricter about a file than about the folder it was found in (workspace, folder, file; the latter two as in
    /// <see cref="ToolIntent.Subject"/>): tools that walk folders pass over it, since nobody is asked about each file they meet.
    /// </summary>
    public Func<string, string, string, bool> IsWithheld { get; init; } = static (_, _, _) => false;
}
