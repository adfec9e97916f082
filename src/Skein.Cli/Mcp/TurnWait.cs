using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Running;

namespace Skein.Cli.Mcp;

/// <summary>Waits for the end of a turn, telling what happens meanwhile, and answers what came of it.</summary>
internal sealed class TurnWait(SkeinClient client, TimeProvider time)
{
    // What a turn says last stands in one of its last messages.
    private const int LastMessages = 20;

    /// <param name="after">A sequence before the turn's end.</param>
    /// <param name="atMost">How long; the turn goes on when that is over.</param>
    public async Task<SessionAnswer> ForAsync(SessionId session, TurnId turn, long after, TimeSpan atMost, ProgressTeller progress, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            await foreach (var frame in client.FollowAsync(session, after, either.Token))
            {
                if (frame is not EventFrame { Event.Body: var body })
                    continue;
                if (IsEnd(body, turn))
                    break;
                if (WhatHappens(body, turn) is { } what)
                    await progress.TellAsync(what, either.Token);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // What there is so far is the answer.
        }

        return await TellAsync((await client.GetAsync(session, cancellationToken)).Session, turn, cancellationToken);
    }

    /// <summary>What came of the last turn.</summary>
    public async Task<SessionAnswer> LastAsync(Session session, CancellationToken cancellationToken)
    {
        var page = await client.ListMessagesAsync(session.Id, null, LastMessages, cancellationToken);
        return Tell(session, page.Items.LastOrDefault(static m => m.Turn is not null)?.Turn, page.Items);
    }

    private async Task<SessionAnswer> TellAsync(Session session, TurnId turn, CancellationToken cancellationToken) =>
        Tell(session, turn, (await client.ListMessagesAsync(session.Id, null, LastMessages, cancellationToken)).Items);

    private static SessionAnswer Tell(Session session, TurnId? turn, IReadOnlyList<Message> messages)
    {
        var told = SessionJson.Row(session);
        if (turn is null)
            return new SessionAnswer(told);

        told["turn"] = turn.Value.Value;
        var goesOn = session.Turn == turn || session.Queue.Any(q => q.Turn == turn);
        if (!goesOn && messages.LastOrDefault(m => m.Turn == turn && m is { Role: Role.Assistant, Summary: null } && m.Text.Length > 0) is { } said)
        {
            told["answer"] = said.Text.Length <= SessionTool.LongestAnswer ? said.Text : said.Text[..SessionTool.LongestAnswer];
            if (said.Text.Length > SessionTool.LongestAnswer)
                told["rest"] = SessionJson.Message(said, SessionTool.LongestAnswer, 0)["rest"]?.DeepClone();
        }

        return new SessionAnswer(told, IsError: !goesOn && session.Turn is null && session.Status is SessionStatus.Error or SessionStatus.Interrupted);
    }

    private static bool IsEnd(EventBody body, TurnId turn) => body switch
    {
        TurnCompleted ended => ended.Turn == turn,
        TurnFailed ended => ended.Turn == turn,
        TurnInterrupted ended => ended.Turn == turn,
        PromptWithdrawn taken => taken.Turn == turn,
        _ => false,
    };

    private static string? WhatHappens(EventBody body, TurnId turn) => body switch
    {
        PermissionAsked asked when asked.Turn == turn => $"waits for a person: {ToolCalls.Title(asked.Tool, asked.Title)}",
        PartAdded { Content: ToolCallPart call } => ToolCalls.Title(call),
        _ => null,
    };
}
