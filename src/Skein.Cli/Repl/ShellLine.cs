using System.Text;
using Skein.Cli.Commands;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Sandbox;

namespace Skein.Cli.Repl;

/// <summary>Programs of the person's own: a line for their shell, and their editor.</summary>
internal sealed class ShellLine(ReplLoop loop, Surroundings surroundings, TurnView view, Terminal terminal)
{
    /// <summary>Runs a line in the person's shell, with all that they have, and shows what it says.</summary>
    public async Task RunAsync(string line, CancellationToken cancellationToken)
    {
        var shell = surroundings.Variable("SHELL") is { Length: > 0 } own ? own : "/bin/sh";
        view.Part();
        terminal.WriteLine(("$ ", Style.Accent), (line, Style.Bold));
        await loop.WatchAsync($"$ {line}", async stop =>
        {
            try
            {
                await using var child = ChildProcess.Start(new ChildStart(shell, ["-c", line], surroundings.Folder, ChildEnvironment.Current()) { Output = ChildOutput.Merged });
                await ShowAsync(child, stop);
                var exit = await child.WaitAsync(stop);
                if (exit.Code != 0)
                    view.Note($"exit code {exit.Code}", Style.Warning);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                view.Note("■ interrupted", Style.Warning);
            }
            catch (ChildStartException e)
            {
                throw new UsageException(e.Message);
            }
        }, cancellationToken);
    }

    /// <summary>Opens what is in the line in the person's editor, and takes what they leave there.</summary>
    public async Task EditAsync(CancellationToken cancellationToken)
    {
        var editor = surroundings.Variable("VISUAL") is { Length: > 0 } visual ? visual : surroundings.Variable("EDITOR") is { Length: > 0 } named ? named : "vi";
        var folder = Directory.CreateTempSubdirectory("skein-prompt-").FullName;
        try
        {
            var file = Path.Combine(folder, "prompt.md");
            await File.WriteAllTextAsync(file, loop.Editor.Buffer.Expanded, new UTF8Encoding(false), cancellationToken);
            var code = 0;
            await loop.AsideAsync(async () =>
            {
                // The variable may hold options, so that a shell takes it apart, as every program has it.
                await using var child = ChildProcess.Start(new ChildStart("/bin/sh", ["-c", $"{editor} \"$1\"", "sh", file], surroundings.Folder, ChildEnvironment.Current())
                {
                    Input = ChildInput.Terminal,
                    Output = ChildOutput.Terminal,
                });
                code = (await child.WaitAsync(cancellationToken)).Code;
            });
            if (code != 0)
                throw new UsageException($"The editor '{editor}' ended with exit code {code}; the line is as it was.");
            loop.Editor.Set((await File.ReadAllTextAsync(file, cancellationToken)).TrimEnd('\n'));
        }
        catch (ChildStartException e)
        {
            throw new UsageException(e.Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task ShowAsync(ChildProcess child, CancellationToken cancellationToken)
    {
        // A reader decodes what comes in pieces, and a cleaner what is cut in two.
        using var reader = new StreamReader(child.Output, new UTF8Encoding(false), false, 4096, leaveOpen: true);
        var cleaner = new TerminalText();
        var line = new StringBuilder();
        var buffer = new char[4096];
        for (int count; (count = await reader.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            line.Append(cleaner.Next(new string(buffer, 0, count)));
            var text = line.ToString();
            if (text.LastIndexOf('\n') is var end && end < 0)
                continue;
            terminal.WriteLine(text[..end]);
            line.Clear().Append(text, end + 1, text.Length - end - 1);
        }

        if (line.Length > 0)
            terminal.WriteLine(line.ToString());
    }
}
