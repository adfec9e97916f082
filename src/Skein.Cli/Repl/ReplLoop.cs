using Skein.Cli.Commands;
using Skein.Cli.Composition;
using Skein.Cli.Repl.Editing;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Cli.Repl;

/// <summary>The REPL itself: keys and events come in, the screen goes out. Everything happens on its pump's thread.</summary>
internal sealed class ReplLoop : IAsyncDisposable
{
    // As often as an eye sees; a key shows at once.
    private static readonly TimeSpan s_frame = TimeSpan.FromMilliseconds(33);
    private static readonly TimeSpan s_spin = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_idle = TimeSpan.FromMinutes(1);
    private const string Interrupting = "interrupting …";
    private static readonly PermissionMode[] s_modes = [PermissionMode.Ask, PermissionMode.Edits, PermissionMode.Auto, PermissionMode.Plan];

    private readonly Surroundings _surroundings;
    private readonly Pump _pump;
    private readonly RawTerminal _raw;
    private readonly LiveScreen _screen;
    private readonly Terminal _terminal;
    private readonly TurnView _view;
    private readonly Talk _talk;
    private readonly LineEditor _editor;
    private readonly QuestionKeys _questions;
    private readonly Completer _completer;
    private readonly SlashCommands _commands;
    private readonly CancellationTokenSource _leaving = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _work = Task.CompletedTask;
    private Task _beside = Task.CompletedTask;
    private (string Text, CancellationTokenSource Stop)? _aside;
    private string _hint = "";
    private bool _leaveAsked;
    private bool _keyTaken = true;
    private bool _changed = true;
    private long _drawn;

    public ReplLoop(Surroundings surroundings, SkeinClient client, ReplStart start, Pump pump, RawTerminal raw)
    {
        (_surroundings, _pump, _raw) = (surroundings, pump, raw);
        _screen = new LiveScreen(raw.Write, () => RawTerminal.Size);
        _terminal = new Terminal(new AboveWriter(_screen), isTerminal: true, surroundings.Out.HasColors, RawTerminal.Size.Width);
        _view = new TurnView(_terminal);
        _talk = new Talk(client, start.Wanted, _view, _terminal, surroundings.Time);
        _editor = new LineEditor(start.History);
        _questions = new QuestionKeys(surroundings.Time);
        _completer = new Completer(surroundings.Folder) { Models = start.Models };
        _commands = new SlashCommands(this, surroundings, _talk, _view, _terminal, _completer);
        _work = BeginAsync(start);
    }

    public LineEditor Editor => _editor;

    /// <summary>The session to attach to again; null: there is none.</summary>
    public SessionId? Session => _talk.Session?.Id;

    /// <summary>Completes when the person leaves.</summary>
    public async Task RunAsync()
    {
        _raw.Read(key => _pump.Post(() => Take(key)));
        await _left.Task;
    }

    public void Leave() => _left.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        _raw.StopReading();
        _left.TrySetResult();
        await _leaving.CancelAsync();
        await _talk.DisposeAsync();
        await Task.WhenAll(_work, _beside);
        _screen.Clear();
        _leaving.Dispose();
    }

    /// <summary>The terminal has another size.</summary>
    public void Resize()
    {
        _terminal.Width = _screen.Width;
        _screen.Resized();
        _keyTaken = true;
    }

    /// <summary>Draws what has changed, if it is time to.</summary>
    /// <returns>How long nothing need be drawn, if nothing happens.</returns>
    public TimeSpan Draw(bool changed)
    {
        _changed |= changed;
        var before = _questions.IsArmed;
        var armed = _questions.See(_talk.Question);
        _keyTaken |= before != _questions.IsArmed;
        var since = _surroundings.Time.GetElapsedTime(_drawn);
        var spins = _talk.IsRunning && _talk.Question is null && since >= s_spin;
        if (!_keyTaken && !spins && (!_changed || since < s_frame))
            return Least(armed, _changed ? s_frame - since : _talk.IsRunning ? s_spin - since : s_idle);

        if (_talk.WantsBell)
            _raw.Write("\a");
        _talk.WantsBell = _keyTaken = _changed = false;
        _drawn = _surroundings.Time.GetTimestamp();
        var (rows, row, column) = LiveRows.Of(State(), _terminal, _screen.Width, _screen.Height);
        _screen.Draw(rows, row, column);
        return Least(armed, _talk.IsRunning ? s_spin : s_idle);
    }

    /// <summary>Does something after what was begun before, and tells what goes wrong.</summary>
    public void Begin(Func<CancellationToken, Task> work) => _work = AfterAsync(_work, work);

    /// <summary>Gives the terminal to another program.</summary>
    public async Task AsideAsync(Func<Task> act)
    {
        _raw.StopReading();
        _screen.Clear();
        _raw.Leave();
        try
        {
            await act();
        }
        finally
        {
            _raw.Enter();
            _raw.Read(key => _pump.Post(() => Take(key)));
            _keyTaken = true;
        }
    }

    /// <summary>Sends something to the terminal that shows nothing.</summary>
    public void Send(string sequence) => _raw.Write(sequence);

    private static TimeSpan Least(TimeSpan? armed, TimeSpan other) =>
        armed is { } span && span < other ? span : other > TimeSpan.Zero ? other : TimeSpan.Zero;

    private async Task BeginAsync(ReplStart start)
    {
        _terminal.WriteLine(("skein ", Style.Accent), (CommandTree.Version, Style.Dim), ("  /help tells the keys and the commands", Style.Dim));
        foreach (var line in start.Guide)
            _terminal.WriteLine(line, Style.Warning);
        if (start.List)
            Begin(_commands.ListAsync);
        if (start.List)
            _editor.Set("/resume ");
        await RunAsync(async cancellationToken =>
        {
            if (start.Resume is { } session)
                await _talk.AttachAsync(session, cancellationToken);
        });
    }

    private async Task AfterAsync(Task before, Func<CancellationToken, Task> work)
    {
        await before;
        await RunAsync(work);
    }

    private async Task RunAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_leaving.Token);
        }
        catch (OperationCanceledException)
        {
            // The person left, or interrupted it.
        }
        catch (Exception e) when (e is SkeinException or UsageException or IOException or UnauthorizedAccessException)
        {
            _view.Note($"skein: {TerminalText.CleanLine(e.Message)}", Style.Bad);
        }

        _keyTaken = true;
    }

    private LiveState State()
    {
        var session = _talk.Session;
        var question = _questions.IsArmed ? _talk.Question : null;
        var searching = _editor.Query;
        var prompt = searching is not null ? $"{(_editor.NotFound ? "nothing like" : "search")} '{TextWidth.Cut(searching, 20)}': "
            : _questions.AsksWhy ? "why not? " : _editor.Buffer.Text.StartsWith('!') ? "$ " : "› ";
        if (_hint == Interrupting && !_talk.IsRunning)
            _hint = "";
        IReadOnlyList<string> hints = _hint.Length > 0 ? [_hint] : _questions.AsksWhy ? ["Enter: no; with a reason the agent reads it. Esc: back"]
            : searching is not null ? ["Ctrl+R: older · Enter: take it · Esc: leave it"] : _completer.Hints(_editor.Buffer);
        return new LiveState(
            _view.Partial,
            _aside is { } aside ? $"{aside.Text} · Esc stops it" : _talk.IsRunning && question is null ? LiveRows.Activity(_talk.Question is null ? _view.Activity : "waits for your answer", _talk.Elapsed) : null,
            [.. (session?.Queue ?? []).Select(Talk.TextOf)],
            question is not null && !_questions.AsksWhy ? LiveRows.Question(question) : null,
            prompt,
            _editor.Buffer,
            Status(session),
            hints);
    }

    private string Status(Session? session)
    {
        var home = _surroundings.Variable("HOME");
        var folder = session?.Workspace ?? _surroundings.Folder;
        if (home is { Length: > 1 } && folder.StartsWith(home, StringComparison.Ordinal))
            folder = "~" + folder[home.Length..];
        return LiveRows.Status(
            session is null ? _talk.Wanted.Model : session.Model ?? session.Agent,
            _talk.Mode.ToString().ToLowerInvariant(),
            session is null ? null : SessionName.Shorten(session.Id),
            folder,
            session is null || session.Usage == new Usage() ? null : Words.Of(session.Usage));
    }

    private void Take(Key? pressed)
    {
        _keyTaken = true;
        if (pressed is not { } key)
        {
            Leave();
            return;
        }

        _hint = "";
        if (key.Kind != KeyKind.Interrupt)
            _leaveAsked = false;
        if (key.Kind != KeyKind.Tab)
            _completer.Reset();
        if (_aside is { Stop: var stop } && (key.Kind is KeyKind.Escape or KeyKind.Interrupt))
        {
            stop.Cancel();
            return;
        }

        if (_talk.Question is { } asked && TakeForQuestion(key, asked))
            return;
        if (_editor.Query is not null)
            _editor.Take(key, EditWidth);
        else
            TakeUsual(key);
    }

    private int EditWidth => Math.Max(4, _screen.Width - 1) - 2;

    private bool TakeForQuestion(Key key, PermissionAsked asked)
    {
        if (!_questions.IsArmed)
        {
            _questions.Typed();
            return false;
        }

        if (_questions.AsksWhy)
        {
            if (key.Kind == KeyKind.Enter)
                Answer(asked, _questions.Refuse(_editor.TakeEnter() ?? ""));
            else if (key.Kind is KeyKind.Escape or KeyKind.Interrupt)
                _questions.BackToAnswers();
            else
                return false;
            return true;
        }

        if (key.Kind is KeyKind.Escape or KeyKind.Interrupt)
        {
            Interrupt();
            return true;
        }

        if (key.Kind is KeyKind.EndOfInput or KeyKind.BackTab or KeyKind.Suspend or KeyKind.Redraw)
            return false;
        if (_questions.Answer(key, asked) is { } reply)
            Answer(asked, reply);
        return true;
    }

    private void Answer(PermissionAsked asked, PermissionReply reply) => Beside(token => _talk.AnswerAsync(asked, reply, token));

    private void TakeUsual(Key key)
    {
        switch (key.Kind)
        {
            case KeyKind.Enter:
                if (_editor.TakeEnter() is { } line)
                    Submit(line);
                break;
            case KeyKind.Tab:
                if (!_completer.Complete(_editor.Buffer) && _editor.Buffer.IsEmpty)
                    _hint = "Tab completes /commands and @files";
                break;
            case KeyKind.BackTab:
                var next = s_modes[(Array.IndexOf(s_modes, _talk.Mode) + 1) % s_modes.Length];
                Begin(token => _commands.SetModeAsync(next, token));
                break;
            case KeyKind.Escape when _talk.IsRunning:
                Interrupt();
                break;
            case KeyKind.Interrupt:
                TakeInterrupt();
                break;
            case KeyKind.EndOfInput when _editor.Buffer.IsEmpty:
                Leave();
                break;
            case KeyKind.EndOfInput:
                _editor.Buffer.Delete();
                break;
            case KeyKind.Suspend:
                _screen.Clear();
                _raw.Suspend();
                break;
            case KeyKind.Redraw:
                _screen.Wipe();
                break;
            case KeyKind.Up when _editor.Buffer.IsEmpty && _talk.Session?.Queue.Count > 0:
                Begin(WithdrawAsync);
                break;
            default:
                _editor.Take(key, EditWidth);
                break;
        }
    }

    private void TakeInterrupt()
    {
        if (_talk.IsRunning)
        {
            Interrupt();
        }
        else if (!_editor.Buffer.IsEmpty)
        {
            _editor.Reset();
        }
        else if (_leaveAsked)
        {
            Leave();
        }
        else
        {
            _leaveAsked = true;
            _hint = "Ctrl+C again leaves; the session stays";
        }
    }

    private void Interrupt()
    {
        _hint = Interrupting;
        Beside(_talk.InterruptAsync);
    }

    // What must not wait for what was begun before.
    private void Beside(Func<CancellationToken, Task> work) => _beside = Task.WhenAll(_beside, RunAsync(work));

    private async Task WithdrawAsync(CancellationToken cancellationToken)
    {
        if (await _talk.WithdrawAsync(cancellationToken) is { } text && _editor.Buffer.IsEmpty)
            _editor.Set(text);
    }

    private void Submit(string line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        Begin(async token =>
        {
            _editor.Remember(line);
            if (!await _commands.TryRunAsync(line, token))
                await _talk.PromptAsync(line, token);
        });
    }

    /// <summary>Shows that something of the person's own goes on, which Esc stops.</summary>
    public async Task WatchAsync(string text, Func<CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _aside = (text, stop);
        try
        {
            await act(stop.Token);
        }
        finally
        {
            _aside = null;
        }
    }
}

/// <summary>How a REPL begins.</summary>
/// <param name="Resume">The session to go on with; null: a new one, made with the first prompt.</param>
/// <param name="List">Show the sessions there are to go on with.</param>
/// <param name="Guide">What a person must know first.</param>
/// <param name="Models">Models to offer.</param>
internal sealed record ReplStart(
    NewSession Wanted, SessionId? Resume, bool List, History History, IReadOnlyList<string> Guide, IReadOnlyList<string> Models);
