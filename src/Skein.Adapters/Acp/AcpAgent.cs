using System.Text.Json;
using Skein.Adapters.Driving;

namespace Skein.Adapters.Acp;

/// <summary>What an agent tells of itself when it is greeted.</summary>
/// <param name="Title">For people.</param>
/// <param name="Resume">The method that goes on with a session of it; null: none that is safe.</param>
/// <param name="Fork">The method that begins a session as a fork of another; null: none.</param>
/// <param name="WhyNoResume">Why there is none.</param>
/// <param name="Logins">Its ways to log in.</param>
internal sealed record AcpAgent(string? Title, string? Resume, string? Fork, string WhyNoResume, IReadOnlyList<string> Logins)
{
    public static AcpAgent Unknown { get; } = new(null, null, null, "", []) { IsKnown = false };

    /// <summary>Whether it tells what was said in a session that it loads.</summary>
    public bool Replays { get; private init; }

    /// <summary>A command that compacts, and that it has though it does not offer it; null: none is known.</summary>
    public string? Compacts { get; private init; }

    /// <summary>Whether it was greeted.</summary>
    public bool IsKnown { get; private init; } = true;

    public static AcpAgent Of(JsonElement result)
    {
        var info = result.Find("agentInfo");
        var capabilities = result.Find("agentCapabilities") ?? default;
        var loads = capabilities.Find("loadSession") is { ValueKind: JsonValueKind.True };
        var resume = capabilities.Find("sessionCapabilities", "resume") is not null ? "session/resume" : loads ? "session/load" : null;

        // Its load empties the file of the very session that it is to load (seen with 0.61): rather none.
        var empties = info?.Text("name") == "gemini-cli";
        var destroys = resume == "session/load" && empties;
        return new AcpAgent(
            info?.Text("title") ?? info?.Text("name"),
            destroys ? null : resume,
            capabilities.Find("sessionCapabilities", "fork") is null ? null : "session/fork",
            destroys ? "loading a session would destroy its file" : "it cannot load sessions",
            [.. result.Items("authMethods").Select(m => m.Text("description") ?? m.Text("name") ?? m.Text("id")).OfType<string>()])
        {
            Replays = loads && !empties,
            Compacts = info?.Text("name") == "OpenCode" ? "compact" : null,
        };
    }
}
