using System.Collections.ObjectModel;

namespace Skein.Agent.Providers;

/// <summary>The wire format that a provider speaks.</summary>
public enum ProviderKind
{
    /// <summary>Anthropic's Messages API.</summary>
    Anthropic,

    /// <summary>Ollama's own.</summary>
    Ollama,

    /// <summary>One of OpenAI's, which <see cref="OpenAiApi"/> tells.</summary>
    OpenAi,

    /// <summary>None: it plays a <see cref="Script"/>, for demonstrations and tests. Not in a <see cref="ProviderConfiguration"/>.</summary>
    Scripted,
}

/// <summary>Which of OpenAI's APIs a provider speaks.</summary>
public enum OpenAiApi
{
    /// <summary>Chat Completions, which most servers speak.</summary>
    Chat,

    /// <summary>Responses, in which OpenAI's own models keep their thoughts from one call to the next.</summary>
    Responses,
}

/// <summary>A provider of models, as it is set up. What is null is taken from the environment or from what is known of its name.</summary>
/// <param name="Name">What stands before the slash of a model's name: lower-case letters, digits and hyphens.</param>
/// <param name="BaseUrl">For <see cref="ProviderKind.OpenAi"/> with its <c>/v1</c>.</param>
/// <param name="KeyVariable">The environment variable that holds the key.</param>
/// <param name="DefaultModel">The model, without the provider, of a session that names none.</param>
public sealed record ProviderConfiguration(
    string Name, ProviderKind Kind, string? BaseUrl = null, string? ApiKey = null, string? KeyVariable = null, string? DefaultModel = null)
{
    /// <summary>What those speak that are there without any settings, by name.</summary>
    public static IReadOnlyDictionary<string, ProviderKind> Usual { get; } = new Dictionary<string, ProviderKind>
    {
        ["anthropic"] = ProviderKind.Anthropic, ["openai"] = ProviderKind.OpenAi, ["openrouter"] = ProviderKind.OpenAi, ["ollama"] = ProviderKind.Ollama,
    };

    /// <summary>Facts that settings tell of its models, by name without the provider; over what is known of them.</summary>
    public IReadOnlyDictionary<string, ModelFacts> Models { get; init; } = ReadOnlyDictionary<string, ModelFacts>.Empty;

    /// <summary>For <see cref="ProviderKind.OpenAi"/>; null: Responses at OpenAI's own address, Chat Completions elsewhere.</summary>
    public OpenAiApi? Api { get; init; }

    /// <summary>Sent with every call, beside those of the kind.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>How its models call tools, but for those of which <see cref="Models"/> says it; null: as is known of them.</summary>
    public ToolCalling? Tools { get; init; }

    /// <summary>The program that tells its key, with its arguments, where none is given otherwise.</summary>
    public IReadOnlyList<string> KeyCommand { get; init; } = [];

    // Never show a key where a record is printed.
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append($"Name = {Name}, Kind = {Kind}, BaseUrl = {BaseUrl}");
        return true;
    }
}
