using System.Text;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Adapters.Driving;

/// <summary>
/// For agents that tell their text twice, in pieces as it comes and then whole: the pieces are shown, the whole counts, and a piece whose
/// whole never comes is kept too.
/// </summary>
/// <param name="writer">What the parts go to.</param>
internal sealed class PieceWriter(TurnWriter writer)
{
    private readonly StringBuilder _arrived = new();
    private string? _arriving;

    /// <param name="key">What the piece is a piece of.</param>
    public void Say(string key, StreamKind kind, string piece)
    {
        if (_arriving != key)
            End();
        _arriving = key;
        _arrived.Append(piece);
        writer.Say(kind, piece);
    }

    /// <summary>All of a text; pieces that do not belong to it are kept beside it.</summary>
    /// <param name="key">As in <see cref="Say"/>.</param>
    public void Add(string key, StreamKind kind, string whole, string? signature)
    {
        if (_arriving != key || !whole.StartsWith(_arrived.ToString(), StringComparison.Ordinal))
        {
            End();
            if (whole.Length > 0)
                writer.Add(kind == StreamKind.Text ? new TextPart(whole) : new ReasoningPart(whole, signature));
            return;
        }

        writer.EndPart(whole, signature);
        End();
    }

    /// <summary>Something else begins: what arrived is all there is of it.</summary>
    public void End()
    {
        writer.EndPart();
        _arriving = null;
        _arrived.Clear();
    }
}
