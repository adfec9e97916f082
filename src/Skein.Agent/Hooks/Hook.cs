namespace Skein.Agent.Hooks;

/// <summary>What a hook is run at.</summary>
public enum HookEvent
{
    /// <summary>The first prompt of a session since it was let go, or ever.</summary>
    SessionStart,

    /// <summary>Before a prompt is accepted.</summary>
    Prompt,

    BeforeTool,

    AfterTool,

    /// <summary>After a tool that changed a file.</summary>
    AfterEdit,

    /// <summary>After a turn that was not interrupted.</summary>
    TurnEnd,

    /// <summary>A session is let go: nothing was done in it for a while, or the server stops.</summary>
    SessionEnd,
}

/// <summary>A program of the user's, or of a folder that the user trusts, that is told of an event and may forbid it.</summary>
/// <param name="Tool">For events of tools: their names, <c>*</c> stands for any characters.</param>
/// <param name="Command">The program and its arguments; it runs in the session's folder.</param>
/// <param name="Sandbox">It is confined as commands are.</param>
public sealed record Hook(HookEvent On, string Tool, IReadOnlyList<string> Command, int TimeoutSeconds, bool Sandbox)
{
    public const int DefaultTimeoutSeconds = 30;

    /// <summary>The words for the events.</summary>
    public static IReadOnlyList<(string Word, HookEvent Event)> Words { get; } =
    [
        ("session_start", HookEvent.SessionStart), ("prompt", HookEvent.Prompt), ("before_tool", HookEvent.BeforeTool), ("after_tool", HookEvent.AfterTool),
        ("after_edit", HookEvent.AfterEdit), ("turn_end", HookEvent.TurnEnd), ("session_end", HookEvent.SessionEnd),
    ];

    public string Word => Words.First(w => w.Event == On).Word;

    /// <summary>For people and for the model.</summary>
    public string Name => $"The hook '{string.Join(' ', Command)}' ({Word})";
}

/// <summary>What came of the hooks of an event.</summary>
/// <param name="Denied">Why it is forbidden; null: it is not.</param>
/// <param name="Asks">Why somebody is to be asked first; null: nobody is.</param>
/// <param name="Context">What the model is to know; empty: nothing.</param>
internal sealed record HookOutcome(string? Denied, string? Asks, string Context)
{
    public static HookOutcome Silent { get; } = new(null, null, "");
}
