using Skein.Agent.Definitions;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Running;

namespace Skein.Agent.Commands;

/// <summary>Writes out the prompts that call a command by its name.</summary>
/// <param name="folders">The commands there are.</param>
/// <param name="gate">Decides which files a command may include.</param>
/// <param name="settings">What no file that is included may lie in.</param>
public sealed class CommandExpander(CommandFolders folders, ToolGate gate, ToolSettings settings)
{
    private readonly IncludedFiles _files = new(gate, settings);

    /// <returns>Null: it calls none.</returns>
    /// <exception cref="InvalidRequestException">The command breaks a rule; the message names its file, the line and the rule.</exception>
    public async ValueTask<ExpandedPrompt?> ExpandAsync(Session session, string text, CancellationToken cancellationToken)
    {
        if (CommandLineText.Parse(text) is not { } call)
            return null;

        var found = await folders.FindAsync(session.Workspace, cancellationToken);
        try
        {
            if (found.Commands.FirstOrDefault(c => c.Name == call.Name) is not { } command)
                return found.Problems.FirstOrDefault(p => Path.GetFileNameWithoutExtension(p.File) == call.Name) is { } problem ? throw problem : null;

            var (body, line) = command.ReadBody();
            var filled = await _files.AppendAsync(call.FillIn(body), session, (command.File, line), cancellationToken);

            // What was typed stays to be seen, and not as a call that the agent could have a meaning of its own for.
            return new ExpandedPrompt($"[{call}]\n\n{filled}", command.Agent, command.Model);
        }
        catch (DefinitionException e)
        {
            throw new InvalidRequestException(e.Message);
        }
    }
}
