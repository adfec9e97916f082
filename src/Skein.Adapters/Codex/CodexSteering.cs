using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skein.Adapters.Codex;

/// <summary>What a running turn is told more: not lost where Codex refuses it, which it does once its turn is over.</summary>
internal sealed class CodexSteering
{
    private readonly Queue<JsonArray> _untold = new();
    private readonly Queue<JsonArray> _told = new();
    private readonly List<JsonArray> _late = [];

    /// <summary>The end of Codex's turn, which waits for the answers; null: it goes on.</summary>
    public JsonElement? Ended { get; set; }

    /// <summary>Whether it is not known yet of something whether it was taken.</summary>
    public bool IsWaiting => _told.Count > 0;

    public void Begin()
    {
        _untold.Clear();
        _told.Clear();
        _late.Clear();
        Ended = null;
    }

    public void Put(JsonArray input) => _untold.Enqueue(input);

    /// <summary>The next to tell the turn; <see cref="Answered"/> says what became of it.</summary>
    public JsonArray? TakeForTurn()
    {
        if (!_untold.TryDequeue(out var input))
            return null;
        _told.Enqueue(input);
        return input.DeepClone().AsArray();
    }

    public void Answered(bool isTaken)
    {
        if (_told.TryDequeue(out var input) && !isTaken)
            _late.Add(input);
    }

    /// <summary>All that the turn did not take, as the input of another.</summary>
    /// <returns>Null: nothing.</returns>
    public JsonArray? TakeLate()
    {
        var all = _late.Concat(_untold).SelectMany(input => input.Select(block => block!.DeepClone())).ToArray();
        _late.Clear();
        _untold.Clear();
        return all.Length == 0 ? null : new JsonArray(all);
    }
}
