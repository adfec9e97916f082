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
    private readonly LiveStates _states;
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
        _talk = new Talk(client, start.Wanted, _view, _terminal, surroundings.Time) { Attached = new AttachedFiles(client, SkeinHome.Of(surroundings), surroundings.Folder) };
        _editor = new LineEditor(start.History);
        _questions = new QuestionKeys(surroundings.Time);
        _completer = new Completer(surroundings.Folder) { Models = start.Models };
        _commands = new SlashCommands(this, surroundings, _talk, _view, _terminal, _completer);
        _states = new LiveStates(surroundings, _talk, _view, _editor, _questions, _completer, start);
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
        // While a question waits nothing turns.
        var spins = _talk.IsRunning && _talk.Question is null;
        if (!_keyTaken && !(spins && since >= s_spin) && (!_changed || since < s_frame))
            return Least(armed, _changed ? s_frame - since : spins ? s_spin - since : s_idle);

        if (_talk.WantsBell)
            _raw.Write("\a");
        _talk.WantsBell = _keyTaken = _changed = false;
        _drawn = _surroundings.Time.GetTimestamp();
        if (_hint == Interrupting && !_talk.IsRunning)
            _hint = "";
        var (rows, row, column) = LiveRows.Of(_states.Now(_aside?.Text, _hint), _terminal, _screen.Width, _screen.Height);
        _screen.Draw(rows, row, column);
        return Least(armed, spins ? s_spin : s_idle);
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
            await _commands.LookAsync(cancellationToken);
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
            case KeyKind.Enter when _editor.Buffer.IsEmpty && _talk is { IsRunning: true, Session.Queue.Count: > 0 }:
                Begin(_talk.SteerAsync);
                break;
            case KeyKind.Enter when _editor.Buffer.IsEmpty && _talk is { IsRunning: false, Session.Queue.Count: > 0 }:
                Begin(_talk.StartQueuedAsync);
                break;
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
