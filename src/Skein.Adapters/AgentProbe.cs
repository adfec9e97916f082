using System.Text;
using Skein.Sandbox;

namespace Skein.Adapters;

/// <summary>Whether an agent's program is installed, and which version.</summary>
/// <param name="Program">The file that would be run; null: there is none.</param>
/// <param name="Version">The first line of what <c>--version</c> prints, which warnings are not; null: it does not tell in time.</param>
public sealed record AgentProbe(string? Program, string? Version)
{
    private const int MostVersion = 100;
    private static readonly TimeSpan s_within = TimeSpan.FromSeconds(10);

    public static async Task<AgentProbe> OfAsync(
        DrivableAgent agent, IReadOnlyDictionary<string, string> environment, TimeProvider time, CancellationToken cancellationToken)
    {
        if (ProgramPath.Find(agent.Command.Program, "/", environment) is not { } program)
            return new AgentProbe(null, null);

        using var tooLong = new CancellationTokenSource(s_within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(tooLong.Token, cancellationToken);
        try
        {
            await using var child = ChildProcess.Start(new ChildStart(program, ["--version"], "/", environment));
            var errors = new LastErrors(child);
            var read = new byte[1024];
            var length = await child.Output.ReadAtLeastAsync(read, read.Length, throwOnEndOfStream: false, either.Token);
            var line = FirstLine(Encoding.UTF8.GetString(read, 0, length));
            if (line is null)
            {
                await errors.Reading.WaitAsync(either.Token);
                line = FirstLine(errors.Text);
            }

            return new AgentProbe(program, line?[..Math.Min(line.Length, MostVersion)]);
        }
        catch (ChildStartException)
        {
            return new AgentProbe(null, null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new AgentProbe(program, null);
        }
    }

    private static string? FirstLine(string text) => text.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0);
}
