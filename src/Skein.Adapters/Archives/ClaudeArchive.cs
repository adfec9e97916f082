using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;

namespace Skein.Adapters.Archives;

/// <summary>
/// Claude Code's <c>projects/&lt;folder&gt;/&lt;id&gt;.jsonl</c>: a tree of records, of which the conversation is the way from the last one
/// back to the root.
/// </summary>
/// <param name="home">Its folder, usually <c>~/.claude</c>.</param>
public sealed class ClaudeArchive(string home, IdSource ids) : IAgentArchive
{
    /// <summary>Lines within which a session says where it is and how it begins.</summary>
    private const int HeadLines = 200;

    public Task<IReadOnlyList<FoundSession>> ListAsync(string folder, CancellationToken cancellationToken)
    {
        var found = new List<FoundSession>();
        foreach (var file in SessionFiles.Below(Path.Combine(home, "projects"), "*.jsonl"))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Glance(file) is { } session)
                found.Add(session);
        }

        return Task.FromResult<IReadOnlyList<FoundSession>>(found);
    }

    public Task<FoundTranscript> ReadAsync(FoundSession found, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var file = new TranscriptFile(found.Place, problems);
        var records = new List<(int Line, JsonElement Record)>();
        decimal? cost = null;
        foreach (var (line, record) in file.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            cost = record.Text("type") == "cost-state" ? record.Decimal("totalCostUSD") ?? cost : cost;
            if (record.Text("uuid") is not null)
                records.Add((line, record));
        }

        var builder = new TranscriptBuilder(ids);
        foreach (var (line, record) in ClaudeBranch.Of(records, file))
            Hear(record, line, builder, file);
        return Task.FromResult(new FoundTranscript(builder.Model, builder.Build(cost), problems));
    }

    private static FoundSession? Glance(string file)
    {
        string? workspace = null, title = null, prompt = null;
        foreach (var (_, record) in new TranscriptFile(file, []).Read().Take(HeadLines))
        {
            workspace ??= record.Text("cwd");
            title = record.Text("customTitle") ?? (record.Text("type") == "summary" ? record.Text("summary") : null) ?? title;
            if (prompt is null && IsPrompt(record) && record.Find("message") is { } message)
                prompt = string.Join('\n', Texts(message).Where(t => !t.StartsWith('<')));
        }

        // Without a prompt nothing was said in it.
        return prompt is null ? null
            : new FoundSession(Path.GetFileNameWithoutExtension(file), workspace, SessionFiles.TitleOf(title ?? prompt), File.GetLastWriteTimeUtc(file), file);
    }

    private static void Hear(JsonElement record, int line, TranscriptBuilder builder, TranscriptFile file)
    {
        var at = TranscriptFile.TimeOf(record);
        var message = record.Find("message") ?? default;
        if (record.Text("type") == "assistant")
        {
            builder.Model = message.Text("model") is { } model and not "<synthetic>" ? model : builder.Model;
            foreach (var part in message.Items("content").Select(PartOf).OfType<Part>())
                builder.Say(part, at, message.Text("id"));
            if (UsageOf(message) is { } usage)
                builder.Count(usage);
        }
        else if (record.Text("type") == "user")
        {
            foreach (var result in message.Items("content").Where(b => b.Text("type") == "tool_result"))
            {
                if (!builder.Answer(new ToolResultPart(result.Text("tool_use_id") ?? "", ResultOf(result), result.Find("is_error") is { ValueKind: JsonValueKind.True })))
                    file.Complain(line, $"answers the call '{result.Text("tool_use_id")}', which is not there");
            }

            if (IsPrompt(record))
                builder.Prompt([.. Texts(message).Select(t => new TextPart(t))], at);
        }
    }

    // What it tells its model by itself is marked.
    private static bool IsPrompt(JsonElement record) =>
        record.Text("type") == "user" && record.Find("isMeta") is not { ValueKind: JsonValueKind.True } && record.Find("isSidechain") is not { ValueKind: JsonValueKind.True }
        && record.Find("message") is { } message && Texts(message).Any();

    private static IEnumerable<string> Texts(JsonElement message) => message.Text("content") is { } text ? [text]
        : message.Items("content").Select(b => b.Text("type") switch { "text" => b.Text("text"), "image" => "[an image]", "document" => "[a document]", _ => null }).OfType<string>().Where(t => t.Length > 0);

    private static Part? PartOf(JsonElement block) => block.Text("type") switch
    {
        "text" when block.Text("text") is { Length: > 0 } text => new TextPart(text),
        "thinking" when block.Text("thinking") is { Length: > 0 } thought => new ReasoningPart(thought, block.Text("signature")),
        "tool_use" when block.Text("id") is { Length: > 0 } id && block.Find("input") is { } input => new ToolCallPart(id, block.Text("name") ?? "?", input),
        _ => null,
    };

    private static string ResultOf(JsonElement result) => result.Text("content")
        ?? string.Join('\n', result.Items("content").Select(b => b.Text("text") ?? $"[{b.Text("type")}]"));

    private static Usage? UsageOf(JsonElement message) => message.Find("usage") is { } usage && usage.Number("input_tokens") is { } input
        ? new Usage(input, usage.Number("output_tokens") ?? 0, 0, usage.Number("cache_read_input_tokens") ?? 0, usage.Number("cache_creation_input_tokens") ?? 0)
        : null;
}
