using Skein.Core.Events;
using Skein.Core.Files;
using Skein.Core.Redaction;

namespace Skein.Core.Running;

/// <param name="DefaultAgent">The agent of a session that names none.</param>
/// <param name="DefaultModel">The model of a session that names none; null leaves it to the agent.</param>
/// <param name="DefaultMode">The mode of a session that names none.</param>
/// <param name="Host">The name of this machine.</param>
/// <param name="Redactor">Takes secrets out of what is appended; null: one that knows the rules, but no environment.</param>
/// <param name="FindProject">What a folder is a part of; null: sessions follow no project that is moved.</param>
/// <param name="Expand">What prompts become before they are accepted; null: they stay as they are.</param>
/// <param name="Files">Snapshots the files of workspaces; null: they are not.</param>
/// <param name="Worktrees">Makes working trees for forks; null: none are made.</param>
public sealed record SessionsOptions(
    string DefaultAgent, string? DefaultModel, PermissionMode DefaultMode, string Host, Redactor? Redactor = null,
    Func<string, CancellationToken, ValueTask<Project?>>? FindProject = null, PromptExpander? Expand = null, IFileCheckpoints? Files = null,
    IWorktrees? Worktrees = null);
