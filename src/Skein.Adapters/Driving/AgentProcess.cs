using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Core;
using Skein.Core.Events;
using Skein.Sandbox;
using Skein.Sandbox.Confining;

namespace Skein.Adapters.Driving;

/// <summary>
/// A driven agent's program at work in a process group of its own: JSON objects, one a line, in both directions. What it writes while
/// nobody reads waits in its pipe, so nothing is lost. For one caller at a time.
/// </summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private readonly string _agent;
    private readonly ChildProcess _child;
    private readonly JsonLines _lines;
    private readonly LastErrors _errors;
    private readonly TimeProvider _time;

    private AgentProcess(string agent, ChildProcess child, TimeProvider time)
    {
        (_agent, _child, _time) = (agent, child, time);
        _lines = new JsonLines(agent, child.Output);
        _errors = new LastErrors(child);
        Ended = child.WaitAsync(CancellationToken.None);
    }

    /// <summary>Completes when the program has ended.</summary>
    public Task<ChildExit> Ended { get; }

    public int Pid => _child.Pid;

    /// <param name="folder">Where it runs.</param>
    /// <param name="environment">All that it sees.</param>
    /// <exception cref="AgentFailedException">It is not installed, or cannot be run.</exception>
    public static AgentProcess Start(string agent, AgentCommand command, string folder, IReadOnlyDictionary<string, string> environment, Confinement confinement, TimeProvider time)
    {
        try
        {
            var start = new ChildStart(command.Program, command.Arguments, folder, environment) { Input = ChildInput.Piped, EndsWithUs = true, IsReadByThread = true };
            return new AgentProcess(agent, ChildProcess.Start(confinement.Apply(start)), time);
        }
        catch (ChildStartException e)
        {
            throw new AgentFailedException(FailureKind.Internal, $"{agent} cannot be started ({command}): {e.Message}");
        }
    }

    /// <exception cref="AgentFailedException">It reads no more.</exception>
    public async Task SendAsync(JsonObject frame)
    {
        try
        {
            await _child.Input.WriteAsync(Encoding.UTF8.GetBytes(frame.ToJsonString(SkeinJson.Relaxed.Options) + "\n"));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw await EndedAsync($"reads no more ({e.Message})");
        }
    }

    /// <exception cref="AgentFailedException">It ended, or wrote what is no JSON object.</exception>
    public async Task<JsonElement> ReceiveAsync(CancellationToken cancellationToken) =>
        await _lines.ReadAsync(cancellationToken) ?? throw await EndedAsync("closed its output");

    /// <inheritdoc cref="ChildProcess.DelayAsync"/>
    public Task DelayAsync(TimeSpan delay) => _child.DelayAsync(delay, _time);

    /// <summary>SIGINT to the group, and SIGKILL to what is left of it after a while.</summary>
    public async Task StopAsync(TimeSpan grace, TimeProvider time)
    {
        _child.Interrupt();
        try
        {
            await Ended.WaitAsync(grace, time);
        }
        catch (TimeoutException)
        {
            _child.Kill();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _child.DisposeAsync();
        await _errors.Reading;
    }

    // A program that dies closes its pipes a moment before it can be asked how it ended, and its last words may still be on their way.
    private async Task<AgentFailedException> EndedAsync(string otherwise)
    {
        await Task.WhenAny(Task.WhenAll(Ended, _errors.Reading), Task.Delay(TimeSpan.FromSeconds(1), _time));
        var how = Ended.IsCompletedSuccessfully
            ? Ended.Result.Signal is { } signal ? $"was ended by signal {signal}" : $"ended with exit code {Ended.Result.Code}"
            : otherwise;
        var said = _errors.Text is { Length: > 0 } text ? $" It said: {text.ReplaceLineEndings(" ")}" : "";
        return new AgentFailedException(FailureKind.Internal, $"{_agent} {how}.{said}");
    }
}
