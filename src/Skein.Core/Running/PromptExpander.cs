namespace Skein.Core.Running;

/// <summary>What the text of a prompt becomes before it is accepted: a command is written out, something may be added; null: as it is.</summary>
/// <exception cref="InvalidRequestException">It names something that cannot be used, or is forbidden.</exception>
public delegate ValueTask<ExpandedPrompt?> PromptExpander(Session session, string text, CancellationToken cancellationToken);

/// <summary>A prompt that was written out.</summary>
/// <param name="Agent">Who works from now on; null: as it is.</param>
/// <param name="Model">The model of this turn alone; null: the session's.</param>
public sealed record ExpandedPrompt(string Text, string? Agent = null, string? Model = null);
