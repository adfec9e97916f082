using Skein.Core;
using Skein.Core.Events;

namespace Skein.Cli.Screen;

/// <summary>The calls of tools that a turn has made, until each can be shown: with what it is, what it answered and how long it took. For one thread.</summary>
internal sealed class CallsUnderWay
{
    private readonly Dictionary<(MessageId Message, string Id), Call> _calls = [];

    /// <summary>What runs, in a line; empty where nothing does.</summary>
    public string Running => string.Join(", ", _calls.Values.Where(static c => c is { IsStarted: true, Result: null }).Select(static c => c.Title));

    public void Add(MessageId message, ToolCallPart made)
    {
        var call = Of(message, made.CallId);
        call.Tool ??= made.Tool;
        call.Title ??= ToolCalls.Title(made);
        call.Edits = EditLines.Of(made.Arguments);
    }

    /// <summary>
    /// What a call would change is shown with the question about it, and need not be shown again. Some agents tell only then what it is about.
    /// </summary>
    public void Ask(PermissionAsked asked)
    {
        foreach (var (_, call) in _calls.Where(c => c.Key.Id == asked.CallId))
        {
            call.Title = ToolCalls.Title(asked.Tool, asked.Title);
            if (asked.Detail is { Length: > 0 })
                call.Edits = [];
        }
    }

    public void Start(ToolStarted started)
    {
        var call = Of(started.Message, started.CallId);
        (call.Tool, call.Title, call.IsStarted) = (started.Tool, ToolCalls.Title(started.Tool, started.Title), true);
    }

    /// <returns>The call, where it is whole now.</returns>
    public Call? Finish(ToolFinished finished)
    {
        if (!_calls.TryGetValue((finished.Message, finished.CallId), out var call))
            return null;
        call.Took = TimeSpan.FromMilliseconds(finished.DurationMs);
        return TakeIfWhole(finished.Message, finished.CallId);
    }

    /// <inheritdoc cref="Finish"/>
    public Call? Answer(MessageId message, ToolResultPart result)
    {
        Of(message, result.CallId).Result = result;
        return TakeIfWhole(message, result.CallId);
    }

    /// <summary>The turn is over: no call goes on.</summary>
    /// <returns>Those that have a result and did not end by themselves.</returns>
    public IReadOnlyList<Call> End()
    {
        Call[] answered = [.. _calls.Values.Where(static c => c.Result is not null)];
        _calls.Clear();
        return answered;
    }

    // A call that nobody ran (refused, unknown, closed by a repair) has a result and takes no time.
    private Call? TakeIfWhole(MessageId message, string id)
    {
        if (_calls[(message, id)] is not { Result: not null } call || (call.IsStarted && call.Took is null))
            return null;
        _calls.Remove((message, id));
        return call;
    }

    private Call Of(MessageId message, string id)
    {
        if (!_calls.TryGetValue((message, id), out var call))
            _calls[(message, id)] = call = new Call();
        return call;
    }

    internal sealed class Call
    {
        public string? Tool { get; set; }
        public string? Title { get; set; }
        public IReadOnlyList<string> Edits { get; set; } = [];
        public bool IsStarted { get; set; }
        public ToolResultPart? Result { get; set; }
        public TimeSpan? Took { get; set; }

        public void Show(Terminal terminal) =>
            ToolCalls.Show(terminal, Tool ?? "", Title ?? "a call", Result, Edits, Took);
    }
}
