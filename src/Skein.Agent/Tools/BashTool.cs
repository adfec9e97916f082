using System.Text.Json;
using Skein.Sandbox;
using Skein.Sandbox.Confining;

namespace Skein.Agent.Tools;

/// <summary>Runs a command in a shell, in a process group of its own that does not outlive the call.</summary>
internal sealed class BashTool(ToolSettings settings) : ITool
{
    private const int DefaultSeconds = 120;
    private const int MostSeconds = 600;

    /// <summary>Bytes after which a command is ended: it would fill the disk.</summary>
    private const long MostOutput = 64L << 20;

    private static readonly string s_shell = File.Exists("/bin/bash") ? "/bin/bash" : "/bin/sh";

    // There is no terminal: a pager or a question for a password would wait for ever.
    private readonly Dictionary<string, string> _environment = new(settings.Environment)
    {
        ["TERM"] = "dumb",
        ["PAGER"] = "cat",
        ["GIT_PAGER"] = "cat",
        ["GIT_TERMINAL_PROMPT"] = "0",
    };

    public string Name => "bash";

    public string Description { get; } = ToolTexts.Description("bash");

    public JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "command": { "type": "string", "minLength": 1, "description": "The command line." },
            "timeout": { "type": "integer", "minimum": 1, "maximum": 600, "description": "Seconds after which it is killed. Default: 120." }
          },
          "required": ["command"],
          "additionalProperties": false
        }
        """);

    public async ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (command, _) = Parse(arguments);
        var confinement = await settings.Confine(context.Workspace, cancellationToken);
        return new ToolIntent(ToolEffect.Execute, command, $"$ {command}", command, Outside: confinement.Missing is not null);
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var (command, timeout) = Parse(arguments);
        await using var child = Start(command, context.Workspace, await settings.Confine(context.Workspace, cancellationToken));
        await using var captured = new OutputCapture();
        using var timer = new CancellationTokenSource(timeout, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            if (!await CaptureAsync(child, captured, either.Token))
                return Ended(captured, $"ended: it wrote more than {MostOutput} bytes", ("killed", 1));

            return Finished(captured, await child.WaitAsync(either.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // What it had said by then may still be in the pipe.
            child.Kill();
            await child.WaitAsync(cancellationToken);
            await CaptureAsync(child, captured, cancellationToken);
            return Ended(captured, $"killed after {timeout.TotalSeconds} seconds", ("timed_out", 1));
        }
        finally
        {
            // Before anybody is told that it is over; disposing then waits until it is.
            child.Kill();
        }
    }

    private static async Task<bool> CaptureAsync(ChildProcess child, OutputCapture captured, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        while (await child.Output.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            await captured.AppendAsync(buffer.AsMemory(0, read));
            if (captured.Length > MostOutput)
                return false;
        }

        return true;
    }

    private static ToolOutput Finished(OutputCapture captured, ChildExit exit)
    {
        var note = exit.Signal is { } signal ? $"[ended by signal {signal}]" : exit.Code == 0 ? null : $"[exit code {exit.Code}]";
        var metadata = exit.Signal is { } number
            ? ToolTexts.Metadata(("exit_code", exit.Code), ("signal", number))
            : ToolTexts.Metadata(("exit_code", exit.Code));
        return new ToolOutput(Text(captured, note), IsError: exit.Code != 0, captured.TakeWhole(), metadata);
    }

    private static ToolOutput Ended(OutputCapture captured, string how, (string, long) metadata) =>
        new(Text(captured, $"[{how}]"), IsError: true, captured.TakeWhole(), ToolTexts.Metadata(metadata));

    private static string Text(OutputCapture captured, string? note)
    {
        var text = captured.Text();
        if (note is null)
            return text.Length == 0 ? "(no output)" : text;

        return text.Length == 0 || text.EndsWith('\n') ? text + note : $"{text}\n{note}";
    }

    private ChildProcess Start(string command, string workspace, Confinement confinement)
    {
        try
        {
            return ChildProcess.Start(confinement.Apply(new ChildStart(s_shell, ["-c", command], workspace, _environment) { Output = ChildOutput.Merged }));
        }
        catch (ChildStartException e)
        {
            throw new ToolInputException(e.Message);
        }
    }

    private (string Command, TimeSpan Timeout) Parse(JsonElement json)
    {
        var arguments = new ToolArguments(Name, json, "command", "timeout");
        var command = arguments.Text("command");
        if (string.IsNullOrWhiteSpace(command) || command.Contains('\0'))
            throw new ToolInputException("'command' must not be empty or contain U+0000.");

        return (command, TimeSpan.FromSeconds(arguments.Number("timeout", DefaultSeconds, least: 1, MostSeconds)));
    }
}
