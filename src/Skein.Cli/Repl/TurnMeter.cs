using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Running;

namespace Skein.Cli.Repl;

/// <summary>What the turn has used so far, and how full the model's context is. For one thread.</summary>
internal sealed class TurnMeter
{
    // As long as one is in the languages that are written most; only until the provider tells the count.
    private const int CharactersPerToken = 4;

    private long _written;
    private decimal _cost;
    private long _arriving;

    /// <summary>Tokens that the model was sent and said in its last call, as its provider told; null: not known.</summary>
    public long? Context { get; private set; }

    /// <summary>What the turn has cost, in a few words; null: nothing yet.</summary>
    public string? Spent => (_written + (_arriving / CharactersPerToken), _cost) switch
    {
        (0, _) => null,
        (var tokens, 0) => Spans.Tokens(tokens),
        var (tokens, cost) => $"{Spans.Tokens(tokens)}, {Spans.Dollars(cost)}",
    };

    public void Take(FeedFrame frame)
    {
        switch (frame)
        {
            case DeltaFrame { Delta: var delta }:
                _arriving += delta.Text.Length;
                break;
            case EventFrame { Event.Body: TurnStarted }:
                (_written, _cost, _arriving) = (0, 0, 0);
                break;
            case EventFrame { Event.Body: MessageCompleted completed }:
                _arriving = 0;
                _written += completed.Usage is { } usage ? usage.Output + usage.Reasoning : 0;
                _cost += completed.Cost ?? 0;
                Context = Held(completed.Usage) ?? Context;
                break;
        }
    }

    /// <summary>Another session is talked to.</summary>
    /// <param name="messages">Its last ones.</param>
    public void Begin(IReadOnlyList<Message> messages)
    {
        (_written, _cost, _arriving) = (0, 0, 0);
        Context = messages.Select(m => Held(m.Usage)).LastOrDefault(c => c is not null);
    }

    /// <summary>How much of the context is free, in a few words; null: not known.</summary>
    public string? Left(int? limit) => (Context, limit) is ({ } used, { } most and > 0) ? $"{Math.Max(0, 100 - (used * 100 / most))} % context left" : null;

    private static long? Held(Usage? usage) =>
        usage is null || usage == new Usage() ? null : usage.Input + usage.CacheRead + usage.CacheWrite + usage.Output + usage.Reasoning;
}
