using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;

namespace Skein.Adapters.Codex;

/// <summary>The tokens of each call of the model: Codex tells the last call's beside those of the whole thread, and tells the same again.</summary>
internal sealed class CodexUsage
{
    private string? _counted;

    /// <returns>Null: no call that was not counted.</returns>
    public Usage? Take(JsonElement parameters)
    {
        if (parameters.Find("tokenUsage") is not { } told || told.Find("total")?.GetRawText() is not { } total || total == _counted)
            return null;

        _counted = total;
        if (told.Find("last") is not { } last || last.Number("inputTokens") is not { } input)
            return null;
        var (read, written, reasoned) = (last.Number("cachedInputTokens") ?? 0, last.Number("cacheWriteInputTokens") ?? 0, last.Number("reasoningOutputTokens") ?? 0);
        return new Usage(Math.Max(0, input - read - written), Math.Max(0, (last.Number("outputTokens") ?? 0) - reasoned), reasoned, read, written);
    }
}
