using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Skein.Agent.Projects;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Agent.Prompts;

/// <summary>What the model is told before the conversation. What changes rarely stands first, so that providers can cache it.</summary>
internal static class SystemPrompt
{
    private static readonly Lazy<string> s_system = new(() => Resource("system.md"));
    private static readonly Lazy<string> s_plan = new(() => Resource("plan.md"));

    public static async Task<string> BuildAsync(ITurn turn, Toolbox box, TimeProvider time, CancellationToken cancellationToken)
    {
        var workspace = turn.Session.Workspace;
        var prompt = new StringBuilder(s_system.Value);

        if (box.Prompt is { } task)
            prompt.Append(CultureInfo.InvariantCulture, $"\n# Your task as the agent '{turn.Session.Agent}'\n{task.Trim()}\n");
        if (await ProjectInstructions.ReadUserAsync(box.UserInstructions, cancellationToken) is var (own, said))
            prompt.Append(CultureInfo.InvariantCulture, $"\n# The user's instructions, from {own}\n{said.Trim()}\n");
        foreach (var (path, text) in await ProjectInstructions.ReadAsync(workspace, cancellationToken))
            prompt.Append(CultureInfo.InvariantCulture, $"\n# The project's instructions, from {path}\n{text.Trim()}\n");

        prompt.Append(CultureInfo.InvariantCulture, $"\n# Environment\n- Working folder: {workspace}\n");
        prompt.Append(CultureInfo.InvariantCulture, $"- System: {RuntimeInformation.OSDescription} ({RuntimeInformation.OSArchitecture})\n");
        prompt.Append(CultureInfo.InvariantCulture, $"- Date: {time.GetLocalNow():yyyy-MM-dd}\n");
        if (GitRepository.Find(workspace) is { } git)
            prompt.Append(CultureInfo.InvariantCulture, $"- Git: {git.Root}, {git.Head()}\n");
        prompt.Append(CultureInfo.InvariantCulture, $"- {Mode(turn.Session.Mode)}\n");
        foreach (var note in box.Notes)
            prompt.Append(CultureInfo.InvariantCulture, $"- {note.ReplaceLineEndings(" ")}\n");

        if (turn.Session.Mode == PermissionMode.Plan)
            prompt.Append('\n').Append(s_plan.Value);
        if (!string.IsNullOrWhiteSpace(turn.System))
            prompt.Append("\n# Further instructions\n").Append(turn.System.Trim()).Append('\n');
        return prompt.ToString();
    }

    private static string Mode(PermissionMode mode) => mode switch
    {
        PermissionMode.Plan => "Mode: plan. Only reading is allowed.",
        PermissionMode.Edits => "Mode: edits. Files in the working folder may be changed; the user is asked before commands.",
        PermissionMode.Auto => "Mode: auto. Nobody is asked; take care accordingly.",
        _ => "Mode: ask. The user is asked before anything is changed or run.",
    };

    internal static string Resource(string name)
    {
        using var stream = typeof(SystemPrompt).Assembly.GetManifestResourceStream($"Skein.Agent.Prompts.{name}")
            ?? throw new InvalidOperationException($"The assembly lacks the prompt {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
