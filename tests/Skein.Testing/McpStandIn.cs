namespace Skein.Testing;

/// <summary>A program that is a server of the Model Context Protocol; needs node.</summary>
public static class McpStandIn
{
    /// <summary>How it is started: the program and its arguments.</summary>
    public static string[] Command => ["node", Path.Combine(AppContext.BaseDirectory, "McpStandIn.js")];

    /// <summary>One that ends at once.</summary>
    public static string[] BrokenCommand => [.. Command, "broken"];
}
