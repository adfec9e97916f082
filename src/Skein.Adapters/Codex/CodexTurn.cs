using System.Text;
using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Adapters.Codex;

/// <summary>One turn: Codex's items become messages. It tells each as it begins, in pieces, and whole as it ends.</summary>
internal sealed class CodexTurn(string agent, TurnId turn, TurnWriter writer, CodexUsage usage)
{
    /// <summary>Characters kept of what a command prints, for one that never tells the whole.</summary>
    private const int MostOutput = 1024 * 1024;

    private readonly PieceWriter _pieces = new(writer);
    private readonly Dictionary<string, string> _whole = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StringBuilder> _output = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CodexItem> _calls = new(StringComparer.Ordinal);
    private (string Item, long Index)? _thought;
    private bool _hasCalled;
    private int _retries;

    public bool HasOpenCalls => writer.Open.Any();

    /// <summary>Codex's names of the processes whose commands have no result yet.</summary>
    public IReadOnlyList<string> Processes => [.. writer.Open.Select(call => Find(call)?.Process).OfType<string>()];

    /// <summary>What is known of a call; null: nothing.</summary>
    public CodexItem? Find(string? id) => id is null ? null : _calls.GetValueOrDefault(id);

    /// <returns>False: it has no event of its own.</returns>
    public bool Hear(string method, JsonElement parameters, AgentSteps steps)
    {
        switch (method)
        {
            case "item/started" when parameters.Find("item") is { } item:
                return HearItem(item, isOver: false);
            case "item/completed" when parameters.Find("item") is { } item:
                return HearItem(item, isOver: true);
            case "item/agentMessage/delta" or "item/plan/delta" when Piece(parameters) is { } piece:
                Say(piece.Item, StreamKind.Text, piece.Text);
                return true;
            case "item/reasoning/summaryTextDelta" or "item/reasoning/textDelta" when Piece(parameters) is { } piece:
                Think(piece.Item, parameters.Number("summaryIndex") ?? parameters.Number("contentIndex") ?? 0, piece.Text);
                return true;
            case "item/commandExecution/outputDelta" when Piece(parameters) is { } piece && _calls.ContainsKey(piece.Item):
                Print(piece.Item, piece.Text);
                return true;
            case "turn/plan/updated" when parameters.Find("plan") is { ValueKind: JsonValueKind.Array }:
                writer.Tell(new PlanUpdated(turn, PlanSteps.Of(parameters, "plan")));
                return true;
            case "thread/tokenUsage/updated":
                Count(parameters);
                return true;
            case "error" when parameters.Find("willRetry") is { ValueKind: JsonValueKind.True } && parameters.Find("error") is { } error:
                steps.Yield(new ModelRetried(turn, ++_retries, 0, CodexFailures.KindOf(error), $"{agent}: {CodexFailures.TextOf(error)}"));
                return true;
            default:
                return method is "turn/started" or "thread/status/changed" or "item/reasoning/summaryPartAdded";
        }
    }

    /// <summary>The turn is over.</summary>
    /// <param name="ended">As Codex tells it, with the last of its items.</param>
    /// <returns>The calls that go on in the background, as far as is known.</returns>
    public IReadOnlyList<string> End(JsonElement ended, bool isInterrupted, bool isFailed)
    {
        foreach (var item in ended.Items("items"))
            HearItem(item, isOver: true);
        _pieces.End();
        List<string> left = isInterrupted || isFailed ? [] : [.. writer.Open.Where(call => _calls[call].IsCommand)];
        foreach (var call in writer.Open.ToList())
        {
            var goesOn = left.Contains(call);
            writer.Finish(call, $"{Arrived(call)}{(goesOn ? "[It still runs in the background.]" : "[The turn ended before this call did.]")}", isError: !goesOn);
        }

        writer.Complete(isInterrupted ? StopReason.Interrupted : isFailed ? StopReason.Failed : StopReason.End);
        return left;
    }

    private bool HearItem(JsonElement item, bool isOver)
    {
        if (item.Text("id") is not { Length: > 0 } id)
            return false;

        switch (item.Text("type"))
        {
            case "userMessage":
                return true; // What it was told: the log has it.
            case "agentMessage" or "plan" when item.Text("text") is { } text:
                if (isOver)
                    Add(id, StreamKind.Text, text);
                return true;
            case "contextCompaction":
                if (isOver)
                    writer.Tell(new AgentCompacted(agent));
                return true;
            case "reasoning":
                if (isOver)
                    Add(id, StreamKind.Reasoning, string.Join("\n\n", Strings(item, "summary").Concat(Strings(item, "content"))));
                return true;
            default:
                return CodexItem.IsCall(item) && HearCall(id, item, isOver);
        }
    }

    private bool HearCall(string id, JsonElement item, bool isOver)
    {
        var call = _calls[id] = new CodexItem(item);
        if (!writer.Has(id))
        {
            _pieces.End();
            writer.Start(id, call.Tool, call.Arguments, call.Title, call.Reads);
            _hasCalled = true;
        }

        if (isOver)
        {
            _pieces.End();
            writer.Finish(id, call.Output(Arrived(id)), call.IsError, call.Metadata);
        }

        return true;
    }

    private void Say(string item, StreamKind kind, string piece)
    {
        if (!_whole.TryGetValue(item, out var whole) || !whole.Contains(piece, StringComparison.Ordinal))
            _pieces.Say(item, kind, piece);
    }

    private void Think(string item, long index, string piece)
    {
        var begins = _thought is { } last && last.Item == item && last.Index != index;
        _thought = (item, index);
        Say(item, StreamKind.Reasoning, begins ? "\n\n" + piece : piece);
    }

    private void Add(string item, StreamKind kind, string whole)
    {
        if (_whole.TryGetValue(item, out var known) && known == whole)
            return;
        _whole[item] = whole;
        _pieces.Add(item, kind, whole, null);
    }

    private void Print(string item, string piece)
    {
        if (!_output.TryGetValue(item, out var output))
            output = _output[item] = new StringBuilder();
        if (output.Length + piece.Length <= MostOutput)
            output.Append(piece);
    }

    private string Arrived(string item) => _output.TryGetValue(item, out var output) ? output.ToString() : "";

    // One call of the model is over: what comes next is another message.
    private void Count(JsonElement parameters)
    {
        if (usage.Take(parameters) is not { } counted)
            return;
        _pieces.End();
        writer.End(_hasCalled ? StopReason.ToolUse : StopReason.End, counted);
        _hasCalled = false;
    }

    private static (string Item, string Text)? Piece(JsonElement parameters) =>
        parameters.Text("itemId") is { Length: > 0 } item && parameters.Text("delta") is { } text ? (item, text) : null;

    private static IEnumerable<string> Strings(JsonElement item, string name) =>
        item.Items(name).Where(s => s.ValueKind == JsonValueKind.String).Select(s => s.GetString()!);
}
