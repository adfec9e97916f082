namespace Skein.Testing;

/// <summary>A program that speaks the Agent Client Protocol and does what its prompts say; needs node. What it keeps of its sessions lies in a folder.</summary>
public static class AcpStandIn
{
    /// <summary>How it is started: the program and its arguments.</summary>
    /// <param name="folder">Where it keeps its sessions, and notes its process id.</param>
    /// <param name="how">In which way it is odd: <c>forgetful</c> keeps no sessions, <c>fickle</c> keeps them without their model and mode, <c>asking</c> begins in the mode that asks instead of one that does not, <c>forking</c> forks them too, <c>compacting</c> offers a command that compacts, <c>silent</c> offers no commands, <c>early</c> talks before its session is open, <c>broken</c> ends at once, <c>mute</c> never answers.</param>
    public static string[] Command(string folder, string how = "sound") => ["node", Path.Combine(AppContext.BaseDirectory, "AcpStandIn.js"), folder, how];
}
