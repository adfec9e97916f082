using System.Text;
using System.Text.Json;
using Skein.Sandbox;
using Skein.Sandbox.Confining;

namespace Skein.Agent.Tools;

/// <summary>Runs a command in a shell, in a process group of its own that does not outlive the call.</summary>
internal sealed class BashTool(ToolSettings settings) : ITool
{
    private const int DefaultSeconds = 120;
    private const int MostSeconds = 600;

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
            "timeout": { "type": "integer", "minimum": 1, "maximum": 600, "description": "Seconds after which it is killed. Default: 120." },
            "background": { "type": "boolean", "description": "Start it and go on: look at it with the tool job." }
          },
          "required": ["command"],
          "additionalProperties": false
        }
        """);

    public async ValueTask<ToolIntent> DescribeAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var call = Parse(arguments);
        var confinement = await settings.Confine(context.Workspace, cancellationToken);
        var folder = Folder(context);
        var detail = folder == context.Workspace ? call.Command : $"in {Path.GetRelativePath(context.Workspace, folder)}:\n{call.Command}";
        return new ToolIntent(ToolEffect.Execute, call.Command, $"$ {call.Command}{(call.Background ? " (in the background)" : "")}", detail, Outside: confinement.Missing is not null);
    }

    public async Task<ToolOutput> RunAsync(JsonElement arguments, ToolContext context, CancellationToken cancellationToken)
    {
        var call = Parse(arguments);
        var confinement = await settings.Confine(context.Workspace, cancellationToken);
        if (call.Background)
        {
            var job = await context.Bench.Jobs.StartAsync(call.Command, confinement.HoldBack(), () => Start(call.Command, ChildOutput.Merged, Folder(context), confinement));
            return new ToolOutput($"Job {job.Number} was started. Look at it, or end it, with 'job'.", Metadata: ToolTexts.Metadata(("job", job.Number)));
        }

        var held = confinement.HoldBack();
        await using var child = Start(ShellFolder.Telling(s_shell, call.Command), ChildOutput.Separate, Folder(context), confinement);
        var folder = ShellFolder.ReadAsync(child.Errors);
        await using var captured = new OutputCapture();
        using var timer = new CancellationTokenSource(call.Timeout, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            if (!await CaptureAsync(child, captured, either.Token))
                return Ended(captured, $"ended: it wrote more than {OutputCapture.Most} bytes", ("killed", 1));

            var exit = await child.WaitAsync(either.Token);
            var note = await ChangeFolderAsync(await folder, captured, context);
            return Finished(captured, exit, [note, ToolTexts.HeldNote(held.Hold(), context.Workspace)]);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // What it had said by then may still be in the pipe.
            child.Kill();
            await child.WaitAsync(cancellationToken);
            await CaptureAsync(child, captured, cancellationToken);
            return Ended(captured, $"killed after {call.Timeout.TotalSeconds} {(call.Timeout.TotalSeconds == 1 ? "second" : "seconds")}", ("timed_out", 1));
        }
        finally
        {
            // Before anybody is told that it is over; disposing then waits until it is.
            child.Kill();
            await folder;
            held.Hold();
        }
    }

    // Where the last command ended, if that is still there.
    private static string Folder(ToolContext context) => context.Bench.Folder is { } folder && Directory.Exists(folder) ? folder : context.Workspace;

    /// <returns>A note for the model where the next command does not begin in the workspace, or not where this one ended.</returns>
    private static async Task<string?> ChangeFolderAsync(ShellFolder told, OutputCapture captured, ToolContext context)
    {
        // What stands in the way of a sandbox is told there too.
        if (told.Complaint is { } complaint)
            await captured.AppendAsync(Encoding.UTF8.GetBytes(complaint));

        string? note = null;
        if (told.Folder is { } folder)
        {
            var real = RealPath.Of(folder);
            if (RealPath.IsWithin(context.Workspace, real) && Directory.Exists(real))
                context.Bench.Folder = real;
            else
                note = $"[the command ended in {ToolTexts.OneLine(folder, 200)}, which is not in the workspace: the next one begins in {Path.GetRelativePath(context.Workspace, Folder(context))} again]";
        }

        return note ?? (Folder(context) == context.Workspace ? null : $"[in {ToolTexts.OneLine(Path.GetRelativePath(context.Workspace, Folder(context)), 200)}]");
    }

    private static async Task<bool> CaptureAsync(ChildProcess child, OutputCapture captured, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        while (await child.Output.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            await captured.AppendAsync(buffer.AsMemory(0, read));
            if (captured.Length > OutputCapture.Most)
                return false;
        }

        return true;
    }

    private static ToolOutput Finished(OutputCapture captured, ChildExit exit, string?[] notes)
    {
        var note = exit.Signal is { } signal ? $"[ended by signal {signal}]" : exit.Code == 0 ? null : $"[exit code {exit.Code}]";
        var metadata = exit.Signal is { } number
            ? ToolTexts.Metadata(("exit_code", exit.Code), ("signal", number))
            : ToolTexts.Metadata(("exit_code", exit.Code));
        return new ToolOutput(Text(captured, string.Join('\n', notes.Prepend(note).OfType<string>())), IsError: exit.Code != 0, captured.TakeWhole(), metadata);
    }

    private static ToolOutput Ended(OutputCapture captured, string how, (string, long) metadata) =>
        new(Text(captured, $"[{how}]"), IsError: true, captured.TakeWhole(), ToolTexts.Metadata(metadata));

    private static string Text(OutputCapture captured, string note)
    {
        var text = captured.Text();
        if (note.Length == 0)
            return text.Length == 0 ? "(no output)" : text;

        return text.Length == 0 || text.EndsWith('\n') ? text + note : $"{text}\n{note}";
    }

    private ChildProcess Start(string command, ChildOutput output, string folder, Confinement confinement)
    {
        try
        {
            return ChildProcess.Start(confinement.Apply(new ChildStart(s_shell, ["-c", command], folder, _environment) { Output = output, EndsWithUs = true }));
        }
        catch (ChildStartException e)
        {
            throw new ToolInputException(e.Message);
        }
    }

    private Call Parse(JsonElement json)
    {
        var arguments = new ToolArguments(Name, json, "command", "timeout", "background");
        var command = arguments.Text("command");
        if (string.IsNullOrWhiteSpace(command) || command.Contains('\0'))
            throw new ToolInputException("'command' must not be empty or contain U+0000.");

        return new Call(command, TimeSpan.FromSeconds(arguments.Number("timeout", DefaultSeconds, least: 1, MostSeconds)), arguments.Flag("background"));
    }

    private sealed record Call(string Command, TimeSpan Timeout, bool Background);
}
