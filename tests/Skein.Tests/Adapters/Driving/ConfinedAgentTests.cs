using System.Runtime.Versioning;
using System.Text.Json;
using Skein.Adapters.Archives;
using Skein.Core;
using Skein.Core.Events;
using Skein.Sandbox.Confining;
using Skein.Testing;
using Skein.Tests.Adapters.Acp;

namespace Skein.Tests.Adapters.Driving;

/// <summary>Driven agents whose programs are in the sandbox of commands.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ConfinedAgentTests
{
    private static readonly Dictionary<string, string> s_environment = new() { ["PATH"] = "/usr/bin:/bin" };

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_agent_works_in_the_sandbox_and_goes_on_there_after_a_restart(bool confined)
    {
        Requires.Programs("bwrap", "prlimit");
        using var own = new TempFolder();
        var (bubblewrap, missing) = await Bubblewrap.FindAsync(s_environment, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Null(missing);
        await using var flock = await StartAsync(own, workspace => !confined ? Confinement.Off : Confinement.In(bubblewrap!, new SandboxPolicy(workspace, own.Below("home"))
        {
            Network = true, Writable = [own.Below("sessions")], Readable = [AppContext.BaseDirectory],
        }));
        var session = await flock.NewSessionAsync();
        var name = $"outside-{Guid.NewGuid():N}";
        var outside = Path.Combine(Path.GetDirectoryName(flock.Kernel.Workspace)!, name);

        await flock.TurnAsync(session, "write geese.txt");
        await flock.Kernel.RestartAsync();
        await flock.TurnAsync(session, "state");
        var goesOn = await flock.LastAsync(session);
        await flock.TurnAsync(session, $"write ../{name}");
        var written = File.Exists(outside);
        File.Delete(outside);

        Assert.Contains("\"prompts\":2", goesOn, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(flock.Kernel.Workspace, "geese.txt")));
        Assert.Equal(!confined, written);
    }

    // It says that the session is of a folder outside, and is asked what was said there.
    [Fact(Timeout = 60_000)]
    public async Task Its_sessions_that_began_outside_are_listed_and_read_in_the_same_sandbox()
    {
        Requires.Programs("bwrap", "prlimit", "node");
        using var own = new TempFolder();
        using var outside = new TempFolder();
        var workspace = Directory.CreateDirectory(own.Below("workspace")).FullName;
        var sessions = Directory.CreateDirectory(own.Below("sessions")).FullName;
        var (bubblewrap, _) = await Bubblewrap.FindAsync(s_environment, TimeProvider.System, TestContext.Current.CancellationToken);
        var policy = new SandboxPolicy(workspace, own.Below("home")) { Writable = [sessions], Readable = [AppContext.BaseDirectory] };
        await File.WriteAllTextAsync(Path.Combine(sessions, "own-1.json"), JsonSerializer.Serialize(new { cwd = workspace, model = "grey", mode = "yolo", prompts = new[] { "hello" }, leaves = new[] { outside.Below("left"), Path.Combine(workspace, "left") } }), TestContext.Current.CancellationToken);
        var archive = new AcpArchive(
            Flock.Options(sessions, "sound", TimeProvider.System) with { Environment = s_environment, Confine = (folder, _) => new(Confinement.In(bubblewrap!, policy with { Workspace = folder })) },
            new IdSource(TimeProvider.System));

        var found = Assert.Single(await archive.ListAsync(workspace, TestContext.Current.CancellationToken));
        var read = await archive.ReadAsync(found with { Workspace = outside.Path }, TestContext.Current.CancellationToken);

        Assert.Equal(["hello", "history"], read.Messages.Select(m => m.Text));
        Assert.True(File.Exists(Path.Combine(workspace, "left")));
        Assert.False(File.Exists(outside.Below("left")));
    }

    [Fact(Timeout = 60_000)]
    public async Task Where_there_is_no_sandbox_it_is_not_started_and_the_turn_says_so()
    {
        using var own = new TempFolder();
        await using var flock = await StartAsync(own, _ => Confinement.Unavailable("for the test"));
        var session = await flock.NewSessionAsync();

        var ended = await flock.TurnAsync(session, "env");

        Assert.Contains("is done in a sandbox, and there is none: for the test.", Assert.IsType<TurnFailed>(ended).Message, StringComparison.Ordinal);
        var unlisted = await Assert.ThrowsAsync<ArchiveException>(() => new AcpArchive(
            Flock.Options(own.Path, "sound", TimeProvider.System) with { Confine = (_, _) => new(Confinement.Unavailable("for the test")) }, new IdSource(TimeProvider.System))
            .ListAsync(flock.Kernel.Workspace, TestContext.Current.CancellationToken));
        Assert.Contains("and there is none: for the test.", unlisted.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(own.Below("sessions/starts")));
        Assert.False(File.Exists(own.Below("starts")));
    }

    private static Task<Flock> StartAsync(TempFolder own, Func<string, Confinement> confine)
    {
        Requires.Programs("node");
        Directory.CreateDirectory(own.Below("home"));
        var sessions = Directory.CreateDirectory(own.Below("sessions")).FullName;
        return Flock.StartAsync(change: options => Flock.Options(sessions, "sound", options.Time) with
        {
            Environment = s_environment, Confine = (workspace, _) => new(confine(workspace)),
        });
    }
}
