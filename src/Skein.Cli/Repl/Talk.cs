using Skein.Cli.Commands;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Cli.Repl;

/// <summary>
/// The session that is talked to: it is made with its first prompt, followed from then on, and may be changed for another. For the pump's
/// thread.
/// </summary>
/// <param name="wanted">What a new session is to be.</param>
internal sealed class Talk(SkeinClient client, NewSession wanted, TurnView view, Terminal terminal, TimeProvider time) : IAsyncDisposable
{
    private const int LastMessages = 6;
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(10);

    private CancellationTokenSource _follow = new();
    private Task _following = Task.CompletedTask;
    private long _turnBegan;

    public SkeinClient Client => client;

    /// <summary>What gives prompts the files that they name.</summary>
    public required AttachedFiles Attached { get; init; }

    /// <summary>As its events tell; null: it is still to be made.</summary>
    public Session? Session { get; private set; }

    /// <summary>What a session that is still to be made will be.</summary>
    public NewSession Wanted { get; set; } = wanted;

    public PermissionMode Mode => Session?.Mode ?? Wanted.Mode ?? PermissionMode.Ask;

    public bool IsRunning => Session?.IsLive ?? false;

    public TimeSpan Elapsed => time.GetElapsedTime(_turnBegan);

    public TurnMeter Meter { get; } = new();

    /// <summary>A person who looks elsewhere should look here.</summary>
    public bool WantsBell { get; set; }

    public PermissionAsked? Question => Session is { Questions: [var first, ..] } ? first : null;

    /// <summary>Sends a prompt; it waits where a turn runs.</summary>
    public Task PromptAsync(string text, CancellationToken cancellationToken) => PromptAsync(text, WhenBusy.Queue, cancellationToken);

    public async Task PromptAsync(string text, WhenBusy when, CancellationToken cancellationToken)
    {
        var isNew = Session is null;
        if (isNew)
            Follow((await client.CreateAsync(Wanted, cancellationToken)).Session, after: null);
        else if (_following.IsCompleted)
            Follow(Session!, Session!.Seq);
        var prompt = await Attached.AddToAsync(
            new PromptRequest(text, When: when), text, problem => view.Note(problem, Style.Warning), cancellationToken);
        try
        {
            await client.PromptAsync(Session!.Id, prompt, cancellationToken);
        }
        catch (InvalidRequestException) when (isNew)
        {
            var vain = Session!.Id;
            Leave();
            await MadeInVain.TakeBackAsync(client, vain, cancellationToken);
            throw;
        }
    }

    /// <summary>Lets the agent summarise what was said.</summary>
    public async Task CompactAsync(string keep, CancellationToken cancellationToken)
    {
        if (_following.IsCompleted)
            Follow(Session!, Session!.Seq);
        await client.CompactAsync(Session!.Id, new CompactRequest(keep), cancellationToken);
    }

    public async Task InterruptAsync(CancellationToken cancellationToken)
    {
        if (Session is { } session)
            await client.InterruptAsync(session.Id, cancellationToken);
    }

    public async Task AnswerAsync(PermissionAsked asked, PermissionReply reply, CancellationToken cancellationToken)
    {
        try
        {
            await client.AnswerAsync(Session!.Id, asked.Permission, reply, cancellationToken);
        }
        catch (SkeinException e) when (e.Code is "not_in_session" or "conflict")
        {
            view.Note("it was answered elsewhere");
        }
    }

    /// <summary>Takes the last prompt that waits back.</summary>
    /// <returns>Its text; null: none waits any longer.</returns>
    public async Task<string?> WithdrawAsync(CancellationToken cancellationToken)
    {
        if (Session is not { Queue: [.., var last] } session)
            return null;
        try
        {
            await client.WithdrawAsync(session.Id, last.Turn, cancellationToken);
            return TextOf(last);
        }
        catch (SkeinException e) when (e.Code is "not_in_session" or "conflict" or "not_found")
        {
            return null;
        }
    }

    /// <summary>Tells the running turn at its next step what would have waited for its end: the prompt that is next.</summary>
    public async Task SteerAsync(CancellationToken cancellationToken)
    {
        if (Session is { Queue: [var next, ..] } session)
            await client.EditQueuedAsync(session.Id, next.Turn, new PromptChange(When: WhenBusy.Steer), cancellationToken);
    }

    /// <summary>Starts the prompt that is next, after a server was stopped.</summary>
    public async Task StartQueuedAsync(CancellationToken cancellationToken)
    {
        if (Session is { Queue.Count: > 0 } session)
            await client.StartQueuedAsync(session.Id, cancellationToken);
    }

    /// <summary>Changes the session, or what it will be.</summary>
    public async Task ChangeAsync(SessionChange change, CancellationToken cancellationToken)
    {
        if (Session is { } session)
        {
            await client.ChangeAsync(session.Id, change, cancellationToken);
            return;
        }

        Wanted = Wanted with
        {
            Agent = change.Agent ?? Wanted.Agent,
            Model = change.Model ?? (change.Agent is null || change.Agent == Wanted.Agent ? Wanted.Model : null),
            Mode = change.Mode ?? Wanted.Mode,
            Title = change.Title ?? Wanted.Title,
        };
    }

    /// <summary>Shows what a session said last, and goes on with it.</summary>
    public async Task AttachAsync(SessionId id, CancellationToken cancellationToken)
    {
        var session = (await client.GetAsync(id, cancellationToken)).Session;
        var page = await client.ListMessagesAsync(id, null, LastMessages, cancellationToken);
        Leave();
        Meter.Begin(page.Items);

        // What is still arriving is not shown here: following shows it, from its beginning.
        var whole = page.Items.TakeWhile(m => m.Status is (MessageStatus.Completed or MessageStatus.Error) && !m.UnansweredCalls.Any()).ToArray();
        view.Part();
        terminal.WriteLine(
            ("⟲ ", Style.Accent), (session.Title.Length > 0 ? TerminalText.CleanLine(session.Title) : "(no title)", Style.Bold),
            ($"  {Spans.Plural(session.Messages, "message")} · {Spans.Ago(session.UpdatedAt, time.GetUtcNow())}", Style.Dim));
        foreach (var gap in session.Damage)
            view.Show(Frame(session, gap));
        if (session.Messages > whole.Length)
            terminal.WriteLine($"  … {Spans.Plural(session.Messages - whole.Length, "message")} before: skein show {SessionName.Shorten(session.Id)}", Style.Dim);
        foreach (var message in whole)
            Replay(session, message);
        if (session.Failure is { } failure)
            view.Show(Frame(session, failure));
        Follow(session, whole.Length == page.Items.Count ? page.Seq : page.Items[whole.Length].Seq - 1);
    }

    /// <summary>Begins anew: the next prompt makes a session.</summary>
    public void Leave()
    {
        _follow.Cancel();
        _follow.Dispose();
        _follow = new CancellationTokenSource();
        Session = null;
        Meter.Begin([]);
        view.Forget();
    }

    public async ValueTask DisposeAsync()
    {
        await _follow.CancelAsync();
        await _following;
        _follow.Dispose();
    }

    public static string TextOf(PromptQueued queued) => TextOf(queued.Parts);

    public static string TextOf(IEnumerable<MessagePart> parts) => string.Concat(parts.Select(p => p.Content).OfType<TextPart>().Select(p => p.Text));

    private void Follow(Session session, long? after)
    {
        Session = session;
        _turnBegan = time.GetTimestamp();
        _following = FollowAsync(session.Id, after ?? session.Seq, _follow.Token);
    }

    private async Task FollowAsync(SessionId id, long after, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var frame in client.FollowAsync(id, after, cancellationToken))
            {
                // It may have been told to leave while this frame was on its way.
                cancellationToken.ThrowIfCancellationRequested();
                if (frame is EventFrame { Event: var e })
                    Take(e);
                Meter.Take(frame);
                view.Show(frame);
            }
        }
        catch (OperationCanceledException)
        {
            // Another session is followed, or none any longer.
        }
        catch (SkeinException e)
        {
            // The next prompt tries again, and starts a server where there is none.
            view.Note($"skein: {e.Message}", Style.Bad);
        }
    }

    private void Take(SessionEvent e)
    {
        if (e.Seq <= Session!.Seq)
            return;

        Session = Session.Apply(e);
        if (e.Body is TurnStarted)
            _turnBegan = time.GetTimestamp();
        else if (e.Body is PermissionAsked or TurnCompleted or TurnFailed && Elapsed > s_long)
            WantsBell = true;
    }

    private void Replay(Session session, Message message)
    {
        if (message.Role == Role.User)
        {
            view.Show(Frame(session, new MessageAdded(message.Id, message.Role, MessageStatus.Completed, 0, message.Parts)));
            return;
        }

        foreach (var part in message.Parts)
            view.Show(Frame(session, new PartAdded(message.Id, part.Id, part.Content)));
    }

    private static EventFrame Frame(Session session, EventBody body) => new(new SessionEvent(session.Id, 0, session.UpdatedAt, body));
}
