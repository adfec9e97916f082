using System.Runtime.Versioning;
using Skein.Core.Events;
using Skein.Testing;
using Skein.Tests.Adapters.Acp;

namespace Skein.Tests.Adapters.Driving;

/// <summary>Agents in containers. No engine runs where the tests do: a command in its place records what it is told and carries that out.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ContainerTests : IDisposable
{
    private const string Docker = """
        #!/bin/bash
        here=$(dirname "$0")
        printf '%s\n' "$@" > "$here/told"
        [ "$1" = exec ] || exit 64; shift
        passed=()
        while true; do
          case $1 in
            --interactive) shift ;;
            --workdir) cd "$2" || exit 65; shift 2 ;;
            --env) passed+=("$2=${!2}"); shift 2 ;;
            *) break ;;
          esac
        done
        if [ "$1" != pond ]; then echo "No such container: $1" >&2; exit 1; fi
        shift
        exec env -i PATH="$PATH" IN_CONTAINER=1 "${passed[@]}" "$@"
        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("docker")]
    [InlineData("podman")]
    public async Task An_agent_runs_in_the_container_with_the_variables_of_its_list_and_no_others(string engine)
    {
        await using var flock = await StartAsync(engine, "pond");
        var session = await flock.NewSessionAsync();

        await flock.TurnAsync(session, "env");
        var seen = await flock.LastAsync(session);
        await flock.TurnAsync(session, "write geese.txt");
        await flock.Kernel.RestartAsync();
        await flock.TurnAsync(session, "state");

        Assert.Contains("\"IN_CONTAINER\":\"1\"", seen, StringComparison.Ordinal);
        Assert.Contains("\"GOOSE_KEY\":\"honk\"", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("OTHER_KEY", seen, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(flock.Kernel.Workspace, "geese.txt")));
        Assert.Contains("\"prompts\":3", await flock.LastAsync(session), StringComparison.Ordinal);
        var told = await File.ReadAllLinesAsync(_folder.Below("told"), TestContext.Current.CancellationToken);
        Assert.Equal(["exec", "--interactive", "--workdir", flock.Kernel.Workspace, "--env", "GOOSE_KEY", "pond"], told[..7]);
        Assert.DoesNotContain(told, t => t.Contains("honk", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("docker", "puddle", "No such container: puddle")]
    [InlineData("crate", "pond", "neither docker nor podman is in PATH")]
    public async Task What_keeps_it_out_of_its_container_fails_the_turn_and_says_so(string engine, string container, string said)
    {
        await using var flock = await StartAsync(engine, container);
        var session = await flock.NewSessionAsync();

        var ended = await flock.TurnAsync(session, "env");

        Assert.Contains(said, Assert.IsType<TurnFailed>(ended).Message, StringComparison.Ordinal);
        Assert.Empty(flock.Starts);
    }

    private async Task<Flock> StartAsync(string engine, string container)
    {
        Requires.Programs("node");
        var program = _folder.Write(engine, Docker);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return await Flock.StartAsync(change: options => options with
        {
            Environment = new Dictionary<string, string>
            {
                ["PATH"] = $"{_folder.Path}:{PathWithoutEngines()}", ["GOOSE_KEY"] = "honk", ["OTHER_KEY"] = "quack",
            },
            Passed = new HashSet<string> { "GOOSE_KEY" },
            ContainerOf = (_, _) => new(container),
        });
    }

    private static string PathWithoutEngines() => string.Join(
        ':', Environment.GetEnvironmentVariable("PATH")!.Split(':').Where(f => !File.Exists(Path.Combine(f, "docker")) && !File.Exists(Path.Combine(f, "podman"))));
}
