using System.Text;
using Skein.Sandbox;

namespace Skein.Tests.Sandbox;

/// <summary>The child of <see cref="KilledParentTests"/>, with a child of its own.</summary>
public sealed class KilledParent
{
    public const string SignVariable = "SKEIN_TEST_KILLED_PARENT";
    public const string Started = "started ";

    [Fact(Explicit = true)]
    public async Task Has_a_child_until_it_is_killed()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(SignVariable) is null, "This is the child of another test.");
        await using var child = ChildProcess.Start(
            new ChildStart("/bin/sh", ["-c", "trap '' HUP INT TERM; sleep 600 & one=$!; setsid sh -c 'sleep 600 & echo $PPID '$one' $$ $!; wait' & wait"], "/", new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }) { EndsWithUs = true });
        var pids = await new StreamReader(child.Output).ReadLineAsync(TestContext.Current.CancellationToken);
        await using var output = Console.OpenStandardOutput();
        await output.WriteAsync(Encoding.UTF8.GetBytes($"\n{Started}{pids}\n"), TestContext.Current.CancellationToken);
        await child.WaitAsync(TestContext.Current.CancellationToken);
    }
}
