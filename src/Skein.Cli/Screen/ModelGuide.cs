namespace Skein.Cli.Screen;

/// <summary>What is told to somebody who has no model: how to get one.</summary>
internal static class ModelGuide
{
    public const string Title = "No model yet. Any of these gets one, and 'skein demo' shows it all without:";

    public static IReadOnlyList<string> Lines { get; } =
    [
        "  Ollama    free, on your machine: ollama pull qwen3, --model ollama/qwen3",
        "  a key     skein auth set anthropic (or openai), or ANTHROPIC_API_KEY=…",
        "  an agent  that brings its own model: 'skein agents' lists, --agent chooses",
    ];
}
