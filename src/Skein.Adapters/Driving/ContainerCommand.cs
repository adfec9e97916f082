using Skein.Core.Events;
using Skein.Sandbox;

namespace Skein.Adapters.Driving;

/// <summary>Runs an agent's program in a container that is up, which has the workspace at the same path.</summary>
internal static class ContainerCommand
{
    private static readonly string[] s_engines = ["docker", "podman"];

    /// <param name="container">Its name.</param>
    /// <param name="passed">The variables that the program is given; their values stand in no command line.</param>
    /// <param name="environment">What the engine's own command sees.</param>
    /// <exception cref="AgentFailedException">No engine is installed.</exception>
    public static AgentCommand In(
        string container, string folder, AgentCommand command, IEnumerable<string> passed, IReadOnlyDictionary<string, string> environment)
    {
        var engine = s_engines.FirstOrDefault(e => ProgramPath.Find(e, "/", environment) is not null)
            ?? throw new AgentFailedException(
                FailureKind.Internal, $"The settings say that work in {folder} is done in the container '{container}', but neither {string.Join(" nor ", s_engines)} is in PATH.");
        string[] variables = [.. passed.Order(StringComparer.Ordinal).SelectMany(name => new[] { "--env", name })];
        return new AgentCommand(engine, ["exec", "--interactive", "--workdir", folder, .. variables, container, command.Program, .. command.Arguments], []);
    }
}
