using System.Text;
using Microsoft.Extensions.AI;

namespace Skein.Agent.Providers.TextCalls;

/// <summary>
/// The text of one answer, as it streams in: calls that are written into it are taken out, thoughts between tags become thoughts, all
/// else is passed on at once. Not safe for use by several threads.
/// </summary>
internal sealed class AnswerText
{
    private const string Orphan = "</think>";

    private static readonly (string Open, string Close)[] s_thoughts =
    [
        ("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<thought>", "</thought>"), ("<reasoning>", "</reasoning>"), ("<seed:think>", "</seed:think>"),
        ("<scratchpad>", "</scratchpad>"), ("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷"), ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|channel>thought", "<channel|>"), ("<|channel|>analysis<|message|>", "<|end|>"),
    ];

    private readonly ToolNames _names;
    private readonly CallShapes _shapes;
    private readonly StringBuilder _thought = new();
    private readonly FenceWatch _fence = new();
    private readonly StringBuilder _more = new();
    private string _held = "";
    private string _space = "";
    private string? _closing;
    private int _enough;
    private bool _hasSaid;
    private bool _hasCalled;
    private bool _dropsSpace;
    private char _before = '\n';

    public AnswerText(ToolNames names, bool isTaught)
    {
        _names = names;
        _shapes = new CallShapes(names, isTaught);
    }

    /// <summary>More of the answer.</summary>
    public void Add(string text, List<AIContent> said)
    {
        // What is long and undecided is not looked at again for every word.
        _more.Append(text);
        if (_held.Length + _more.Length >= _enough)
            Advance(said, ended: false);
    }

    /// <summary>Thoughts that the provider told as such.</summary>
    public void AddThought(string text) => _thought.Append(text);

    /// <summary>The provider's own call, or a picture, came between: what was written before it is whole.</summary>
    public void Break(List<AIContent> said)
    {
        Advance(said, ended: true);
        _hasCalled = true;
    }

    /// <summary>The answer is over.</summary>
    public void End(List<AIContent> said)
    {
        Advance(said, ended: true);
        if (_space.Length > 0 && _hasSaid)
            said.Add(new TextContent(_space));
        _space = "";
        if (_hasSaid || _hasCalled || _thought.Length == 0 || _names.IsEmpty)
            return;

        // Some call while they still think, and say nothing else: what ends their thoughts is meant.
        var inner = new List<AIContent>();
        var thought = new AnswerText(_names, isTaught: false);
        thought.Add(_thought.ToString(), inner);
        thought.Advance(inner, ended: true);
        said.AddRange(inner.OfType<TextCallContent>());
    }

    private void Advance(List<AIContent> said, bool ended)
    {
        _held = _held.Length == 0 ? _more.ToString() : _held + _more;
        _more.Clear();
        var at = 0;
        var shown = 0;
        while (at < _held.Length)
        {
            if (_closing is not null)
            {
                var (thought, next) = Thought(at, ended);
                Think(_held[at..thought], said);
                at = shown = next;
                if (_closing is null)
                    continue;
                break;
            }

            if (!IsAnchor(at))
            {
                Pass(at++);
                continue;
            }

            var (taken, undecided) = Take(at, shown, said, ended);
            if (undecided)
                break;
            if (taken > 0)
                at = shown = taken;
            else
                Pass(at++);
        }

        if (_closing is null)
        {
            Say(_held[shown..at], said);
            shown = at;
        }

        _held = _held[shown..];
        _enough = _held.Length < 200 ? 0 : _held.Length + _held.Length / 16;
        if (ended)
            _enough = 0;
    }

    private bool IsAnchor(int at) =>
        !_fence.IsInside && _before != '`' && (_held[at] is '◁' or '<' or '[' || (!_names.IsEmpty && _shapes.MayBegin(_held[at], _fence.IsLineStart)));

    // Looks whether a thought, a mark or a call begins here.
    private (int Taken, bool Undecided) Take(int at, int shown, List<AIContent> said, bool ended)
    {
        var rest = _held.AsSpan(at);
        foreach (var (open, close) in s_thoughts)
        {
            if (!_fence.IsLineStart)
                break;
            if (rest.StartsWith(open, StringComparison.Ordinal))
            {
                Say(_held[shown..at], said);
                _space = "";
                _closing = close;
                return (at + open.Length, false);
            }

            if (!ended && open.AsSpan().StartsWith(rest, StringComparison.Ordinal))
                return (0, true);
        }

        // A model whose thoughts its template opened only ends them.
        if (!_hasCalled && rest.StartsWith(Orphan, StringComparison.Ordinal))
        {
            if (!_fence.IsLineStart && rest.Length == Orphan.Length && !ended)
                return (0, true);
            if (!_fence.IsLineStart && rest.Length > Orphan.Length && rest[Orphan.Length] is not ('\n' or '\r'))
                return (0, false);
            Say(_held[shown..at], said);
            said.Add(new SaidWasThought());
            _hasSaid = false;
            return (AfterMark(at + Orphan.Length), false);
        }

        if (!ended && Orphan.AsSpan().StartsWith(rest, StringComparison.Ordinal))
            return (0, true);
        var mark = _fence.IsLineStart ? LeftOver.At(_held, at, ended) : 0;
        if (mark < 0)
            return (0, true);
        if (mark > 0)
        {
            Say(_held[shown..at], said);
            return (AfterMark(at + mark), false);
        }

        if (_names.IsEmpty || !_shapes.MayBegin(_held[at], _fence.IsLineStart))
            return (0, false);
        var match = _shapes.Match(_held, at, _fence.IsLineStart, ended);
        if (match.Kind != CallMatchKind.Calls)
            return (0, match.Kind == CallMatchKind.Undecided);

        Say(_held[shown..at], said);
        said.AddRange(match.Calls.Select(static c => new TextCallContent(c)));
        _hasCalled = true;
        return (AfterMark(match.End), false);
    }

    private int AfterMark(int at)
    {
        _space = "";
        _dropsSpace = true;
        _fence.BeginLine();
        _before = '\n';
        return at;
    }

    // How far the thought goes, and where the text goes on; as far as is known.
    private (int End, int Next) Thought(int at, bool ended)
    {
        var close = _held.IndexOf(_closing!, at, StringComparison.Ordinal);
        if (close >= 0)
        {
            var next = AfterMark(close + _closing!.Length);
            _closing = null;
            return (close, next);
        }

        var end = _held.Length;
        for (var length = Math.Min(_closing!.Length - 1, _held.Length - at); !ended && length > 0; length--)
        {
            if (string.CompareOrdinal(_held, _held.Length - length, _closing, 0, length) != 0)
                continue;
            end -= length;
            break;
        }

        return (end, end);
    }

    private void Pass(int at)
    {
        _before = _held[at];
        _fence.Read(_before);
    }

    private void Think(string text, List<AIContent> said)
    {
        if (text.Length == 0)
            return;
        _thought.Append(text);
        said.Add(new TextReasoningContent(text));
    }

    // Empty lines are shown with what follows them: around calls and thoughts they are nothing.
    private void Say(string text, List<AIContent> said)
    {
        if (_dropsSpace)
            text = text.TrimStart();
        if (text.Length == 0)
            return;

        var end = text.AsSpan().TrimEnd().Length;
        if (end == 0 && (!_hasSaid || _space.Length > 0))
        {
            _space += text;
            return;
        }

        var lines = text.IndexOf('\n', end);
        var shown = lines < 0 ? text : text[..lines];
        if (_space.Length + shown.Length > 0)
            said.Add(new TextContent(_space + shown));
        _space = lines < 0 ? "" : text[lines..];
        _dropsSpace = false;
        _hasSaid = true;
    }
}

/// <summary>A call that was written into the text.</summary>
internal sealed class TextCallContent(TextCall call) : AIContent
{
    public TextCall Call { get; } = call;
}

/// <summary>What the model said in this answer so far was thought: its end was told, its beginning was not.</summary>
internal sealed class SaidWasThought : AIContent;
