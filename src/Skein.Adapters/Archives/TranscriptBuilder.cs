using Skein.Core;

namespace Skein.Adapters.Archives;

/// <summary>Makes messages of what was said in a session elsewhere, in the order it was said: a prompt begins a turn, words after results a message.</summary>
internal sealed class TranscriptBuilder(IdSource ids)
{
    private const string NoResult = "[The agent's own session has no result of this call.]";

    private readonly List<Message> _messages = [];
    private readonly List<MessagePart> _parts = [];
    private readonly Dictionary<string, int> _calls = new(StringComparer.Ordinal);
    private TurnId _turn = ids.Next<TurnId>();
    private DateTimeOffset _at;
    private string? _key;
    private Usage? _usage;
    private bool _isAnswered;

    /// <summary>The model that speaks.</summary>
    public string? Model { get; set; }

    /// <summary>What a person said; nothing where it has no parts.</summary>
    public void Prompt(IReadOnlyList<Part> parts, DateTimeOffset at)
    {
        if (parts.Count == 0)
            return;
        EndMessage();
        _turn = ids.Next<TurnId>();
        _messages.Add(new Message(
            ids.Next<MessageId>(), 0, Role.User, MessageStatus.Completed, [.. parts.Select(p => new MessagePart(ids.Next<PartId>(), p))], at, at, _turn));
    }

    /// <param name="key">What names the message where its parts come apart; null: nothing does.</param>
    public void Say(Part part, DateTimeOffset at, string? key = null)
    {
        if (_parts.Count > 0 && (key is not null ? key != _key : _isAnswered))
            EndMessage();
        (_key, _at) = (key, at);
        if (part is ToolCallPart call)
            _calls[call.CallId] = _messages.Count;
        _parts.Add(new MessagePart(ids.Next<PartId>(), part));
    }

    /// <returns>False: there is no such call without a result.</returns>
    public bool Answer(ToolResultPart result)
    {
        if (!_calls.Remove(result.CallId, out var message))
            return false;

        var part = new MessagePart(ids.Next<PartId>(), result);
        if (message < _messages.Count)
            _messages[message] = _messages[message] with { Parts = [.. _messages[message].Parts, part] };
        else
            _parts.Add(part);
        _isAnswered = true;
        return true;
    }

    /// <summary>Of the message that was said last.</summary>
    public void Count(Usage usage)
    {
        if (_parts.Count > 0)
            _usage = usage;
        else if (_messages is [.., { Role: Role.Assistant } last])
            _messages[^1] = last with { Usage = usage };
    }

    /// <param name="cost">Of the whole session, in US dollars; null: not known.</param>
    public IReadOnlyList<Message> Build(decimal? cost = null)
    {
        EndMessage();
        for (var i = 0; i < _messages.Count; i++)
        {
            var unanswered = _messages[i].UnansweredCalls.Select(c => new MessagePart(ids.Next<PartId>(), new ToolResultPart(c.CallId, NoResult, IsError: true))).ToList();
            if (unanswered.Count > 0)
                _messages[i] = _messages[i] with { Parts = [.. _messages[i].Parts, .. unanswered] };
        }

        if (cost is not null && _messages.FindLastIndex(m => m.Role == Role.Assistant) is var last and >= 0)
            _messages[last] = _messages[last] with { Cost = cost };
        return _messages;
    }

    private void EndMessage()
    {
        if (_parts.Count > 0)
        {
            var calls = _parts.Exists(p => p.Content is ToolCallPart);
            _messages.Add(new Message(
                ids.Next<MessageId>(), 0, Role.Assistant, MessageStatus.Completed, [.. _parts], _at, _at, _turn, Model, calls ? StopReason.ToolUse : StopReason.End, _usage));
        }

        _parts.Clear();
        (_key, _usage, _isAnswered) = (null, null, false);
    }
}
