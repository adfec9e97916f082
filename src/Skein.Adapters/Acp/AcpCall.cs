using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;

namespace Skein.Adapters.Acp;

/// <summary>One call of a tool, as far as the agent has told it: every update replaces what it names.</summary>
internal sealed class AcpCall
{
    private string? _name;
    private string? _kind;
    private JsonElement? _input;
    private JsonElement? _rawOutput;
    private JsonElement? _locations;
    private string? _contentOf;
    private JsonElement? _content;

    /// <summary>One line for people.</summary>
    public string? Title { get; private set; }

    /// <summary>The agent's name of the tool, or what kind of tool it is.</summary>
    public string Tool => _name ?? _kind ?? "other";

    public AgentEffect Effect => _kind switch
    {
        "read" or "search" or "think" or "fetch" => AgentEffect.Read,
        "edit" or "delete" or "move" => AgentEffect.Edit,
        _ => AgentEffect.Execute,
    };

    /// <summary>It is known to change no file. What counts as thinking may be a sub-agent, which may.</summary>
    public bool Reads => _kind is "read" or "search" or "fetch";

    /// <summary>It has its result.</summary>
    public bool IsOver { get; set; }

    /// <summary>What the tool was given; without that, what the agent tells of it.</summary>
    public JsonElement Arguments
    {
        get
        {
            if (_input is { ValueKind: JsonValueKind.Object } input)
                return input;
            var told = new JsonObject { ["title"] = Title };
            if (_locations is { } locations)
                told["locations"] = JsonNode.Parse(locations.GetRawText());
            return JsonDocument.Parse(told.ToJsonString(SkeinJson.Relaxed.Options)).RootElement;
        }
    }

    /// <summary>What it answered.</summary>
    public string Output => ContentText(diffs: true) is { Length: > 0 } text ? text : RawText;

    /// <summary>What helps to decide about it: the difference, or the command.</summary>
    public string? Detail =>
        ContentText(diffs: true) is { Length: > 0 } text ? text : _input?.Text("command") ?? (_input is { } input ? input.GetRawText() : null);

    /// <summary>For programs: the places it is about, and the raw output.</summary>
    public JsonElement? Metadata => _locations is { ValueKind: JsonValueKind.Array } places && places.GetArrayLength() > 0
        ? JsonDocument.Parse(new JsonObject { ["locations"] = JsonNode.Parse(places.GetRawText()) }.ToJsonString(SkeinJson.Relaxed.Options)).RootElement
        : null;

    private string RawText => _rawOutput switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { ValueKind: JsonValueKind.Object } told when told.Text("output") is { } output => output,
        { } other => other.GetRawText(),
        _ => "",
    };

    public void Hear(JsonElement update)
    {
        Title = update.Text("title") ?? Title;
        _kind = update.Text("kind") ?? _kind;
        _name = update.Text("name") ?? update.Find("_meta", "claudeCode")?.Text("toolName") ?? _name;
        _input = update.Find("rawInput") ?? _input;
        _rawOutput = update.Find("rawOutput") ?? _rawOutput;
        _locations = update.Find("locations") ?? _locations;
        _content = update.Find("content") ?? _content;
        _contentOf ??= update.Text("sessionUpdate");
    }

    private string ContentText(bool diffs)
    {
        if (_content is not { ValueKind: JsonValueKind.Array } content)
            return "";

        var pieces = new List<string>();
        foreach (var item in content.EnumerateArray())
        {
            if (item.Find("content") is { } block)
                pieces.Add(block.Text("text") ?? block.GetRawText());
            else if (diffs && item.Text("type") == "diff" && item.Text("path") is { } path)
                pieces.Add(UnifiedDiff.Of(path, item.Text("oldText"), item.Text("newText") ?? ""));
            else
                pieces.Add(item.GetRawText());
        }

        return string.Join("\n", pieces);
    }
}
