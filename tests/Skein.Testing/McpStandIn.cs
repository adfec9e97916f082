namespace Skein.Testing;

/// <summary>A program that is a server of the Model Context Protocol; needs node.</summary>
public static class McpStandIn
{
    /// <summary>How it is started: the program and its arguments.</summary>
    public static string[] Command => ["node", Path.Combine(AppContext.BaseDirectory, "McpStandIn.js")];

    /// <summary>One that answers what it does not know.</summary>
    public static string[] AgreeableCommand => [.. Command, "agreeable"];

    /// <summary>One that ends at once.</summary>
    public static string[] BrokenCommand => [.. Command, "broken"];

    /// <summary>One that never says a word.</summary>
    public static string[] MuteCommand => [.. Command, "mute"];

    /// <summary>One that prints what is no message before each of its messages.</summary>
    public static string[] NoisyCommand => [.. Command, "noisy"];

    /// <summary>One that listens at an address for who knows the token <c>honk-honk</c>; it prints the port.</summary>
    public static string[] HttpCommand => [.. Command, "http"];
}
